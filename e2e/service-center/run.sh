#!/usr/bin/env bash
# A real Apache ServiceComb service-center, configured by our own export, takes our tokens and our accounts.
# SERVICE_CENTER_BIN is its program; SERVICE_CENTER_CONF the folder that holds conf/app.yaml (default: beside the program).
. "$(dirname "$0")/../lib.sh"
SERVICE_CENTER_BIN=${SERVICE_CENTER_BIN:-$(command -v service-center || true)}
if [ -z "$SERVICE_CENTER_BIN" ] || [ ! -x "$SERVICE_CENTER_BIN" ]; then
  echo "SKIPPED: no service-center here (set SERVICE_CENTER_BIN to its program); nothing was shown"
  exit 0
fi
SERVICE_CENTER_CONF=${SERVICE_CENTER_CONF:-$(dirname "$SERVICE_CENTER_BIN")}
if [ ! -e "$SERVICE_CENTER_CONF/conf/app.yaml" ]; then
  echo "SKIPPED: no conf/app.yaml in $SERVICE_CENTER_CONF (set SERVICE_CENTER_CONF); nothing was shown"
  exit 0
fi
need curl python3
SC_PORT=$(free_port)
SC=http://127.0.0.1:$SC_PORT
HUAWEI_PORT=$(free_port)
ENGINE_PORT=$(free_port)
ENGINE_FACE=http://127.0.0.1:$ENGINE_PORT
ALLOW=(--engine-addresses "$SC")
start_tokenhouse --huawei-port "$HUAWEI_PORT" --engine-port "$ENGINE_PORT" "${ALLOW[@]}"
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
status() { "$@" > "$WORK/said" 2>&1; echo $?; }
PROJECT=$(tokenhouse project create web --json | field id)
BOB=$(tokenhouse user create bob --json)
BOB_ID=$(field id <<< "$BOB")
field password <<< "$BOB" | tr -d '\n' > "$WORK/bob"
tokenhouse role grant member --user bob --project web > "$WORK/said"
printf 'Root-Pass-1' > "$WORK/root"
ENGINE=$(tokenhouse engine create shop --project web --address "$SC" "${ALLOW[@]}" --password-file "$WORK/root" --json | field id)
tokenhouse engine keys export shop "$WORK/keys"

mkdir -p "$WORK/sc"
cp -r "$SERVICE_CENTER_CONF/conf" "$WORK/sc/conf"
ETCD=$(free_port)
ETCD_PEER=$(free_port)
# start_service_center FOLDER: with the keys exported there, on the data of the one before.
start_service_center() {
  (
    cd "$WORK/sc" || exit 1
    set -a
    # shellcheck disable=SC1091
    . "$1/service-center.env"
    SERVER_HOST=127.0.0.1 SERVER_PORT=$SC_PORT SSL_ENABLE=false SC_INIT_ROOT_PASSWORD='Root-Pass-1' LOG_FILE=
    REGISTRY_KIND=embedded_etcd REGISTRY_ETCD_CLUSTER_NAME=sc-0
    REGISTRY_ETCD_CLUSTER_MANAGER_ENDPOINTS=http://127.0.0.1:$ETCD
    REGISTRY_ETCD_CLUSTER_ENDPOINTS=sc-0=http://127.0.0.1:$ETCD_PEER
    exec "$SERVICE_CENTER_BIN"
  ) >> "$WORK/sc.log" 2>&1 &
  SC_PID=$!
  STARTED+=("$SC_PID")
  for _ in $(seq 300); do
    curl -sf "$SC/health" > "$WORK/said" && break
    kill -0 "$SC_PID" 2> /dev/null || break
    sleep 0.2
  done
}
start_service_center "$WORK/keys"

# ask METHOD URL [TOKEN [BODY]]: prints status and, where there is one, service-center's number of the error.
ask() {
  local code
  code=$(curl -s -o "$WORK/answer" -w '%{http_code}' -X "$1" "$2" ${3:+-H "Authorization: Bearer $3"} \
    ${4:+-H 'Content-Type: application/json' -d "$4"})
  echo "$code$(sed -n 's/.*"errorCode":"\{0,1\}\([0-9]*\).*/ \1/p' "$WORK/answer")"
}
exchange() {
  curl -s -X POST "http://127.0.0.1:$HUAWEI_PORT/v2/$PROJECT/enginemgr/engines/$ENGINE/tokens" -H "X-Auth-Token: $IAM" \
    -H 'Content-Type: application/json;charset=UTF-8' -H 'Accept: application/json' | field token
}
login() { curl -s -X POST "$1/v4/token" -H 'Content-Type: application/json' -d "{\"name\":\"$2\",\"password\":\"$3\"}" | field token; }
service() { echo "{\"service\":{\"serviceName\":\"$1\",\"appId\":\"shop\",\"version\":\"1.0.0\"}}"; }
SERVICES=$SC/v4/default/registry/microservices

check 'import-user makes the account there' 0 "$(status tokenhouse engine import-user --engine shop --user bob --role developer "${ALLOW[@]}")"
IAM=$(tokenhouse token issue --user bob --password-file "$WORK/bob" --project web --json | field token)
TOKEN=$(exchange)
check '401 a service is registered without a token' '401 401204' "$(ask POST "$SERVICES" '' "$(service cart)")"
check '401 with garbage' '401 401201' "$(ask POST "$SERVICES" garbage "$(service cart)")"
check '401 with the token of the cloud' '401 401201' "$(ask POST "$SERVICES" "$IAM" "$(service cart)")"
check '200 a service is registered with the exchanged token' 200 "$(ask POST "$SERVICES" "$TOKEN" "$(service cart)")"
check '403 a developer lists accounts' '403 403205' "$(ask GET "$SC/v4/accounts" "$TOKEN")"
ROOT=$(login "$SC" root Root-Pass-1)
check '200 the imported account is there' 200 "$(ask GET "$SC/v4/accounts/bob" "$ROOT")"
check 'under the id of the user of the cloud' "$BOB_ID" "$(field id < "$WORK/answer")"
check 'engine check finds no drift' 0 "$(status tokenhouse engine check shop "${ALLOW[@]}")"

tokenhouse engine create other --project web --json > "$WORK/said"
tokenhouse engine import-user --engine other --user bob --role developer > "$WORK/said"
OTHER=$(tokenhouse engine token other --json <<< "$IAM" | field token)
check '401 a token of another engine' '401 401201' "$(ask POST "$SERVICES" "$OTHER" "$(service other)")"
tokenhouse engine delete other > "$WORK/said"

OUR_ROOT=$(login "$ENGINE_FACE" root Root-Pass-1)
check '200 our own login is good there' 200 "$(ask GET "$SC/v4/accounts" "$OUR_ROOT")"
VIEWER='{"name":"viewer","perms":[{"resources":[{"type":"service"}],"verbs":["get"]}]}'
check '200 a role is made here' 200 "$(ask POST "$ENGINE_FACE/v4/roles" "$OUR_ROOT" "$VIEWER")"
check '200 and is there' 200 "$(ask GET "$SC/v4/roles/viewer" "$ROOT")"
VERA='{"name":"vera","password":"Vera-Pass-1","roles":["viewer"]}'
check '200 an account with a password is made here' 200 "$(ask POST "$ENGINE_FACE/v4/accounts" "$OUR_ROOT" "$VERA")"
VERA_THERE=$(login "$SC" vera Vera-Pass-1)
VERA_HERE=$(login "$ENGINE_FACE" vera Vera-Pass-1)
for token in "$VERA_THERE" "$VERA_HERE"; do
  check '200 a viewer lists services' 200 "$(ask GET "$SERVICES" "$token")"
  check '403 a viewer registers one' '403 403205' "$(ask POST "$SERVICES" "$token" "$(service pay)")"
done
check '200 another password is set here' 200 "$(ask POST "$ENGINE_FACE/v4/accounts/vera/password" "$OUR_ROOT" '{"password":"Vera-Pass-2"}')"
check 'and is good there' 200 "$(ask GET "$SERVICES" "$(login "$SC" vera Vera-Pass-2)")"
check '200 another role is given here' 200 "$(ask PUT "$ENGINE_FACE/v4/accounts/vera" "$OUR_ROOT" '{"roles":["developer"]}')"
check '200 and counts there' 200 "$(ask POST "$SERVICES" "$(login "$SC" vera Vera-Pass-2)" "$(service pay)")"
check '200 a role is changed here' 200 "$(ask PUT "$ENGINE_FACE/v4/roles/viewer" "$OUR_ROOT" "${VIEWER/get/*}")"
check 'engine check finds no drift' 0 "$(status tokenhouse engine check shop "${ALLOW[@]}")"
check '200 the role is removed here' 200 "$(ask DELETE "$ENGINE_FACE/v4/roles/viewer" "$OUR_ROOT")"
check '400 and gone there' '400 400201' "$(ask GET "$SC/v4/roles/viewer" "$ROOT")"

tokenhouse role grant admin --user admin --project web > "$WORK/said"
printf '%s' "$TH_PASSWORD" > "$WORK/admin"
CLOUD=$(tokenhouse token issue --user admin --password-file "$WORK/admin" --project web --json | field token)
CARL_ID=$(tokenhouse user create carl --json | field id)
# account METHOD PATH ENGINE-TOKEN [BODY]: as CSE documents it, on Huawei Cloud's face; prints the status.
account() {
  curl -s -o "$WORK/answer" -w '%{http_code}' -X "$1" "http://127.0.0.1:$HUAWEI_PORT/v3/$PROJECT/accounts$2" -H "X-Auth-Token: $CLOUD" \
    -H "X-Engine-Id: $ENGINE" -H "Authorization: Bear $3" -H 'Content-Type: application/json;charset=UTF-8' ${4:+-d "$4"}
}
check '200 a user of the cloud is imported by name' 200 "$(account POST '' "$OUR_ROOT" '{"name":"carl","roles":["developer"]}')"
check '200 and is there' 200 "$(ask GET "$SC/v4/accounts/carl" "$ROOT")"
check 'under the id of that user' "$CARL_ID" "$(field id < "$WORK/answer")"
check '400 nobody of that name' 400 "$(account POST '' "$OUR_ROOT" '{"name":"nobody","roles":["developer"]}')"
check '200 a first password by an admin' 200 "$(account POST /carl/password "$OUR_ROOT" '{"password":"Carl-Pass-1"}')"
CARL=$(login "$ENGINE_FACE" carl Carl-Pass-1)
check '400 another one without the current one' 400 "$(account POST /carl/password "$CARL" '{"password":"Carl-Pass-2"}')"
check '200 and with it' 200 "$(account POST /carl/password "$CARL" '{"currentPassword":"Carl-Pass-1","password":"Carl-Pass-2"}')"
check '200 which is good there' 200 "$(ask GET "$SERVICES" "$(login "$SC" carl Carl-Pass-2)")"
check '200 removed' 200 "$(account DELETE /carl "$OUR_ROOT")"
check '400 and gone there' '400 400200' "$(ask GET "$SC/v4/accounts/carl" "$ROOT")"

check '200 an account is made there alone' 200 "$(ask POST "$SC/v4/accounts" "$ROOT" '{"name":"dora","password":"Dora-Pass-1","roles":["developer"]}')"
check 'engine check finds it' 1 "$(status tokenhouse engine check shop "${ALLOW[@]}")"
check '200 the imported account is removed here' 200 "$(ask DELETE "$ENGINE_FACE/v4/accounts/bob" "$OUR_ROOT")"
check '401 and its token dies there' '401 401206' "$(ask POST "$SERVICES" "$TOKEN" "$(service late)")"
check 'import-user again' 0 "$(status tokenhouse engine import-user --engine shop --user bob --role developer "${ALLOW[@]}")"
OLD=$(exchange)
tokenhouse engine keys rotate shop > "$WORK/said"
tokenhouse engine keys export shop "$WORK/rotated" > "$WORK/said"
check '200 while a next key is only staged' 200 "$(ask POST "$SERVICES" "$(exchange)" "$(service staged)")"
check 'rotation says what has to restart' 0 "$(status tokenhouse engine keys rotate shop)"
check 'by name' 1 "$(grep -c 'every service-center and KIE node' "$WORK/said")"
check '401 the new key is not known before that' '401 401201' "$(ask POST "$SERVICES" "$(exchange)" "$(service early)")"
stop "$SC_PID"
start_service_center "$WORK/rotated/next"
check '200 and is afterwards' 200 "$(ask POST "$SERVICES" "$(exchange)" "$(service after)")"
check '401 tokens signed before are over' '401 401201' "$(ask POST "$SERVICES" "$OLD" "$(service old)")"
[ "$FAILED" = 0 ] || tail -5 "$WORK/sc.log"
finish
