#!/usr/bin/env bash
# A real Apache ServiceComb service-center, configured by our own export, takes our tokens. SERVICE_CENTER_BIN is its
# program; SERVICE_CENTER_CONF its folder with conf/app.yaml (default: beside the program).
. "$(dirname "$0")/../lib.sh"
SERVICE_CENTER_BIN=${SERVICE_CENTER_BIN:-$(command -v service-center || true)}
if [ -z "$SERVICE_CENTER_BIN" ] || [ ! -x "$SERVICE_CENTER_BIN" ]; then
  echo "SKIPPED: no service-center here (set SERVICE_CENTER_BIN to its program); nothing was shown"
  exit 0
fi
need curl python3
SC_PORT=$(free_port)
SC=http://127.0.0.1:$SC_PORT
HUAWEI_PORT=$(free_port)
start_tokenhouse --huawei-port "$HUAWEI_PORT" --engine-addresses "$SC"
tokenhouse project create web > /dev/null
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
PROJECT=$(tokenhouse project show web --json | field id)
BOB_PASSWORD=$(tokenhouse user create bob --json | field password)
tokenhouse role grant member --user bob --project web > /dev/null
ENGINE=$(tokenhouse engine create shop --project web --address "$SC" --engine-addresses "$SC" --json | field id)
tokenhouse engine keys export shop "$WORK/keys"

mkdir -p "$WORK/sc"
cp -r "${SERVICE_CENTER_CONF:-$(dirname "$SERVICE_CENTER_BIN")}/conf" "$WORK/sc/conf"
(
  cd "$WORK/sc" || exit 1
  set -a
  # shellcheck disable=SC1091
  . "$WORK/keys/service-center.env"
  SERVER_HOST=127.0.0.1 SERVER_PORT=$SC_PORT REGISTRY_KIND=embedded_etcd SSL_ENABLE=false SC_INIT_ROOT_PASSWORD='Root-Pass-1'
  exec "$SERVICE_CENTER_BIN"
) > "$WORK/sc.log" 2>&1 &
STARTED+=("$!")
for _ in $(seq 300); do curl -sf "$SC/health" > /dev/null && break; sleep 0.2; done

code() { curl -s -o "$WORK/answer" -w '%{http_code}' "$@"; }
REGISTER='{"service":{"serviceName":"cart","appId":"shop","version":"1.0.0"}}'
SERVICES=$SC/v4/default/registry/microservices
check 'import-user makes the account there' 0 "$(tokenhouse engine import-user --engine shop --user bob --role developer --engine-addresses "$SC" > /dev/null; echo $?)"
printf '%s' "$BOB_PASSWORD" > "$WORK/bob"
IAM=$(tokenhouse token issue --user bob --password-file "$WORK/bob" --project web --json | field token)
TOKEN=$(curl -s -X POST "http://127.0.0.1:$HUAWEI_PORT/v2/$PROJECT/enginemgr/engines/$ENGINE/tokens" -H "X-Auth-Token: $IAM" \
  -H 'Content-Type: application/json;charset=UTF-8' -H 'Accept: application/json' | field token)
check '401 a service is registered without a token' 401 "$(code -X POST "$SERVICES" -d "$REGISTER")"
check '200 a service is registered with the exchanged token' 200 "$(code -X POST "$SERVICES" -d "$REGISTER" -H "Authorization: Bearer $TOKEN")"
check '403 a developer lists accounts' 403 "$(code "$SC/v4/accounts" -H "Authorization: Bearer $TOKEN")"
ROOT=$(curl -s -X POST "$SC/v4/token" -d '{"name":"root","password":"Root-Pass-1"}' | field token)
check 'the imported account is there' 200 "$(code "$SC/v4/accounts/bob" -H "Authorization: Bearer $ROOT")"
check 'engine check finds no drift' 0 "$(tokenhouse engine check shop --engine-addresses "$SC" > /dev/null; echo $?)"
finish
