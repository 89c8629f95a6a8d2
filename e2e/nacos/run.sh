#!/usr/bin/env bash
# A real Nacos, configured by our own export, takes our tokens. NACOS_HOME is its folder (with bin/startup.sh or
# target/nacos-server.jar).
. "$(dirname "$0")/../lib.sh"
if [ -z "${NACOS_HOME:-}" ] || [ ! -e "$NACOS_HOME/target/nacos-server.jar" ]; then
  echo "SKIPPED: no Nacos here (set NACOS_HOME to its folder); nothing was shown"
  exit 0
fi
need curl python3
NACOS=http://127.0.0.1:8848
start_tokenhouse --engine-addresses "$NACOS"
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
tokenhouse project create web > /dev/null
BOB_PASSWORD=$(tokenhouse user create bob --json | field password)
tokenhouse role grant member --user bob --project web > /dev/null
tokenhouse engine create config --project web --spec-type Nacos2 --address "$NACOS" --engine-addresses "$NACOS" > /dev/null
tokenhouse engine keys export config "$WORK/keys"
cp -r "$NACOS_HOME" "$WORK/nacos"
{
  cat "$WORK/keys/nacos.properties"
  echo nacos.core.auth.server.identity.key=e2e
  echo "nacos.core.auth.server.identity.value=$(head -c 18 /dev/urandom | base64)"
} >> "$WORK/nacos/conf/application.properties"
(cd "$WORK/nacos" && exec java -Dnacos.standalone=true -Dnacos.home="$WORK/nacos" -jar target/nacos-server.jar \
  --spring.config.additional-location="file:$WORK/nacos/conf/") > "$WORK/nacos.log" 2>&1 &
STARTED+=("$!")
for _ in $(seq 600); do curl -sf "$NACOS/nacos/v1/console/health/liveness" > /dev/null && break; sleep 0.5; done
curl -s -X POST "$NACOS/nacos/v1/auth/users/admin" -d 'password=Root-Pass-1' > /dev/null

check 'import-user makes user, role and right there' 0 "$(tokenhouse engine import-user --engine config --user bob --role rw --engine-addresses "$NACOS" > /dev/null; echo $?)"
printf '%s' "$BOB_PASSWORD" > "$WORK/bob"
TOKEN=$(tokenhouse token issue --user bob --password-file "$WORK/bob" --project web --json | field token | tokenhouse engine token config --json | field token)
code() { curl -s -o "$WORK/answer" -w '%{http_code}' "$@"; }
CONFIGS=$NACOS/nacos/v1/cs/configs
check '403 without a token' 403 "$(code "$CONFIGS?dataId=a&group=g")"
check '200 a configuration is published' 200 "$(code -X POST "$CONFIGS?accessToken=$TOKEN" -d 'dataId=a&group=g&content=c')"
check '403 in another namespace' 403 "$(code "$CONFIGS?dataId=a&group=g&tenant=other&accessToken=$TOKEN")"
finish
