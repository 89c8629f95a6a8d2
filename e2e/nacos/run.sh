#!/usr/bin/env bash
# A real Nacos, configured by our own export, takes our tokens and the users we map. NACOS_HOME is its folder (with
# target/nacos-server.jar and conf/).
. "$(dirname "$0")/../lib.sh"
if [ -z "${NACOS_HOME:-}" ] || [ ! -e "$NACOS_HOME/target/nacos-server.jar" ]; then
  echo "SKIPPED: no Nacos here (set NACOS_HOME to its folder); nothing was shown"
  exit 0
fi
need curl python3
NACOS_PORT=$(free_port)
NACOS=http://127.0.0.1:$NACOS_PORT
ALLOW=(--engine-addresses "$NACOS")
start_tokenhouse "${ALLOW[@]}"
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
status() { "$@" > "$WORK/said" 2>&1; echo $?; }
tokenhouse project create web > "$WORK/said"
tokenhouse user create bob --json | field password | tr -d '\n' > "$WORK/bob"
tokenhouse role grant member --user bob --project web > "$WORK/said"
tokenhouse engine create config --project web --spec-type Nacos2 --address "$NACOS" "${ALLOW[@]}" > "$WORK/said"
tokenhouse engine create other --project web --spec-type Nacos2 > "$WORK/said"
tokenhouse engine keys export config "$WORK/keys"
cp -r "$NACOS_HOME" "$WORK/nacos"
{
  cat "$WORK/keys/nacos.properties"
  echo nacos.core.auth.server.identity.key=e2e
  echo "nacos.core.auth.server.identity.value=$(head -c 18 /dev/urandom | base64)"
  echo "nacos.console.port=$(free_port)"
  echo "nacos.ai.mcp.registry.port=$(free_port)"
} >> "$WORK/nacos/conf/application.properties"
(cd "$WORK/nacos" && exec java -Dnacos.standalone=true -Dnacos.home="$WORK/nacos" -Dserver.port="$NACOS_PORT" \
  -Dnacos.server.main.port="$NACOS_PORT" -jar target/nacos-server.jar \
  --spring.config.additional-location="file:$WORK/nacos/conf/") > "$WORK/nacos.log" 2>&1 &
NACOS_PID=$!
STARTED+=("$NACOS_PID")
for _ in $(seq 600); do
  # Version 3 has its own place for this, version 2 only the older one.
  curl -sf "$NACOS/nacos/v3/admin/core/state/liveness" > "$WORK/said" && break
  curl -sf "$NACOS/nacos/v1/console/health/liveness" > "$WORK/said" && break
  kill -0 "$NACOS_PID" 2> /dev/null || break
  sleep 0.5
done
kill -0 "$NACOS_PID" 2> /dev/null || { echo "Nacos did not start:"; tail -20 "$WORK/nacos.log"; exit 1; }
for path in v3/auth/user/admin v1/auth/users/admin; do
  curl -sf -X POST "$NACOS/nacos/$path" -d 'password=Root-Pass-1' > "$WORK/said" && break
done

IAM=$(tokenhouse token issue --user bob --password-file "$WORK/bob" --project web --json | field token)
# exchange NAMESPACE [ENGINE]: a token of the engine.
exchange() { tokenhouse engine token "${2:-config}" --namespace "$1" --json <<< "$IAM" | field token; }
# publish TOKEN NAMESPACE, read_it TOKEN NAMESPACE: the status.
publish() { curl -s -o "$WORK/answer" -w '%{http_code}' -X POST "$CONFIGS?accessToken=$1" -d "dataId=a&group=g&content=c&tenant=$2"; }
read_it() { curl -s -o "$WORK/answer" -w '%{http_code}' "$CONFIGS?dataId=a&group=g&tenant=$2&accessToken=$1"; }
CONFIGS=$NACOS/nacos/v1/cs/configs
# eventually NAME WANT COMMAND...: a Nacos that caches, as it does unless told otherwise, notices every 15 seconds.
eventually() {
  local name=$1 want=$2 got; shift 2
  for _ in $(seq 60); do
    got=$("$@")
    [ "$got" != "$want" ] || break
    sleep 0.5
  done
  check "$name" "$want" "$got"
}
import() { status tokenhouse engine import-user --engine "$1" --user bob --role "$2" --namespace "$3" "${@:4}"; }

check 'import-user makes user, role and right there' 0 "$(import config rw public "${ALLOW[@]}")"
check 'and for another namespace' 0 "$(import config r dev "${ALLOW[@]}")"
OPEN=$(exchange public)
DEV=$(exchange dev)
check '403 without a token' 403 "$(publish '' '')"
check '403 with garbage' 403 "$(publish garbage '')"
check '403 with the token of the cloud' 403 "$(publish "$IAM" '')"
check '200 a configuration is published' 200 "$(publish "$OPEN" '')"
check '200 and read' 200 "$(read_it "$OPEN" '')"
check '403 in another namespace' 403 "$(publish "$OPEN" dev)"
check '403 who may only read publishes' 403 "$(publish "$DEV" dev)"
check 'reading is let through there' 404 "$(read_it "$DEV" dev)"
check '403 elsewhere' 403 "$(read_it "$DEV" '')"
import other rw public > "$WORK/said"
check '403 a token of another engine' 403 "$(publish "$(exchange public other)" '')"
check 'engine check finds no drift' 0 "$(status tokenhouse engine check config "${ALLOW[@]}")"
check 'remove-user' 0 "$(status tokenhouse engine remove-user --engine config --user bob --namespace public "${ALLOW[@]}")"
eventually '403 the right is gone there, though the token lives' 403 publish "$OPEN" ''
check 'import-user with less' 0 "$(import config r public "${ALLOW[@]}")"
eventually '200 reading is what it may' 200 read_it "$(exchange public)" ''
eventually '403 nothing of the former right came back' 403 publish "$(exchange public)" ''
check 'engine check finds no drift' 0 "$(status tokenhouse engine check config "${ALLOW[@]}")"
[ "$FAILED" = 0 ] || tail -5 "$WORK/nacos.log"
finish
