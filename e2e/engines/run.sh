#!/usr/bin/env bash
# Engines by the command line, beside a running server that notices at once.
. "$(dirname "$0")/../lib.sh"
need curl python3 openssl
HUAWEI_PORT=$(free_port)
ENGINE_PORT=$(free_port)
FACE=http://127.0.0.1:$ENGINE_PORT
start_tokenhouse --huawei-port "$HUAWEI_PORT" --engine-port "$ENGINE_PORT"
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
# quiet COMMAND...: its output goes to a file; prints its exit code.
quiet() { "$@" > "$WORK/said" 2>&1; echo $?; }
claim() { python3 -c 'import base64, json, sys; p = sys.stdin.read().split(".")[1]; print(json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)))[sys.argv[1]])' "$1"; }

PROJECT=$(tokenhouse project create web --json | field id)
tokenhouse user create bob --json | field password | tr -d '\n' > "$WORK/bob"
tokenhouse role grant member --user bob --project web > "$WORK/said"
IAM=$(tokenhouse token issue --user bob --password-file "$WORK/bob" --project web --json | field token)
# exchange ENGINE [HEADER...]: prints status and error code; the answer is in $WORK/answer.
exchange() {
  local engine=$1 header headers=(); shift
  for header in "$@"; do headers+=(-H "$header"); done
  code=$(curl -s -o "$WORK/answer" -w '%{http_code}' -X POST -H "X-Auth-Token: $IAM" "${headers[@]+"${headers[@]}"}" \
    "http://127.0.0.1:$HUAWEI_PORT/v2/$PROJECT/enginemgr/engines/$engine/tokens")
  echo "$code$(sed -n 's/.*"error_code":"\([^"]*\)".*/ \1/p' "$WORK/answer")"
}
# login ENGINE NAME PASSWORD: prints the status; the answer is in $WORK/answer.
login() {
  curl -s -o "$WORK/answer" -w '%{http_code}' -X POST "$FACE/v4/token" -H "X-Engine-Id: $1" -H 'Content-Type: application/json' \
    -H "X-Forwarded-For: 198.51.100.$RANDOM" -d "{\"name\":\"$2\",\"password\":\"$3\"}"
}

printf 'Root-Pass-1' > "$WORK/root"
SHOP=$(tokenhouse engine create shop --project web --password-file "$WORK/root" --json | field id)
OTHER=$(tokenhouse engine create other --project web --json | field id)
CONFIG=$(tokenhouse engine create config --project web --spec-type Nacos2 --json | field id)
check 'create refuses a name that is taken' 1 "$(quiet tokenhouse engine create shop --project web)"
check 'create refuses an address that is not listed' 1 "$(quiet tokenhouse engine create far --project web --address http://127.0.0.1:1)"
check 'list has all three' 3 "$(tokenhouse engine list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')"
check 'show names the current key' current "$(tokenhouse engine show shop --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["keys"][0]["state"])')"

check '400 not imported' '400 ENGINE.0406' "$(exchange "$SHOP")"
check 'import-user' 0 "$(quiet tokenhouse engine import-user --engine shop --user bob --role developer)"
check '200 the running server knows at once' 200 "$(exchange "$SHOP")"
TOKEN=$(field token < "$WORK/answer")
check 'the account is named as the user' bob "$(claim account <<< "$TOKEN")"
check '400 in another engine bob is nobody' '400 ENGINE.0406' "$(exchange "$OTHER")"
check 'import-user a second time is refused' 1 "$(quiet tokenhouse engine import-user --engine shop --user bob --role developer)"
check 'import-user refuses a role that is not there' 1 "$(quiet tokenhouse engine import-user --engine other --user bob --role nope)"
check 'token exchanges as a client does' bob "$(tokenhouse engine token shop --json <<< "$IAM" | field token | claim account)"
check 'check needs an address' 1 "$(quiet tokenhouse engine check shop)"

check '200 login of the engine' 200 "$(login "$SHOP" root Root-Pass-1)"
ENGINE_ROOT=$(field token < "$WORK/answer")
tokenhouse role grant admin --user admin --project web > "$WORK/said"
printf '%s' "$TH_PASSWORD" > "$WORK/admin"
CLOUD=$(tokenhouse token issue --user admin --password-file "$WORK/admin" --project web --json | field token)
tokenhouse user create carl > "$WORK/said"
# account METHOD PATH AUTHORIZATION [BODY]: accounts as CSE documents them; prints the status.
account() {
  curl -s -o "$WORK/answer" -w '%{http_code}' -X "$1" "http://127.0.0.1:$HUAWEI_PORT/v3/$PROJECT/accounts$2" -H "X-Auth-Token: $CLOUD" \
    -H "X-Engine-Id: $SHOP" -H "Authorization: $3" -H 'Content-Type: application/json;charset=UTF-8' ${4:+-d "$4"}
}
check '200 a user is imported on the wire, with Bear' 200 "$(account POST '' "Bear $ENGINE_ROOT" '{"name":"carl","roles":["developer"]}')"
check '400 and no second time' 400 "$(account POST '' "Bearer $ENGINE_ROOT" '{"name":"carl","roles":["developer"]}')"
check '400 without a token of the engine' 400 "$(account POST '' "Bear $CLOUD" '{"name":"dora","roles":["developer"]}')"
check '200 a password for that account, with Bearer' 200 "$(account POST /carl/password "Bearer $ENGINE_ROOT" '{"password":"Carl-Pass-1"}')"
check '200 which is good at its login' 200 "$(login "$SHOP" carl Carl-Pass-1)"
CARL="Bearer $(field token < "$WORK/answer")"
check '400 another one without the current one' 400 "$(account POST /carl/password "$CARL" '{"password":"Carl-Pass-2"}')"
check '200 and with it' 200 "$(account POST /carl/password "$CARL" '{"currentPassword":"Carl-Pass-1","password":"Carl-Pass-2"}')"
check '403 whoever is no admin removes accounts' 403 "$(login "$SHOP" carl Carl-Pass-2 > "$WORK/said"; account DELETE /root "Bear $(field token < "$WORK/answer")")"
check '200 removed' 200 "$(account DELETE /carl "Bear $ENGINE_ROOT")"
for _ in 1 2 3; do login "$SHOP" root wrong > "$WORK/said"; done
check '403 locked, whatever X-Forwarded-For says' 403 "$(login "$SHOP" root Root-Pass-1)"
check '401 in another engine it is unknown, not locked' 401 "$(login "$OTHER" root Root-Pass-1)"
check '400 no engine is meant' 400 "$(login '' root Root-Pass-1)"

check 'keys export' 0 "$(quiet tokenhouse engine keys export shop "$WORK/keys")"
check 'into a folder that is there already: refused' 1 "$(quiet tokenhouse engine keys export shop "$WORK/keys")"
check 'files for the owner alone' '600 600 600 600' "$(stat -c %a "$WORK"/keys/{private.pem,public.pem,rbac.yaml,service-center.env} | xargs)"
check 'folder for the owner alone' 700 "$(stat -c %a "$WORK/keys")"
check 'the private key is PKCS#1' '-----BEGIN RSA PRIVATE KEY-----' "$(head -1 "$WORK/keys/private.pem")"
check 'the public key is SPKI' '-----BEGIN PUBLIC KEY-----' "$(head -1 "$WORK/keys/public.pem")"
check 'they are one pair' "$(cat "$WORK/keys/public.pem")" "$(openssl rsa -in "$WORK/keys/private.pem" -pubout 2> /dev/null)"
cat > "$WORK/want.env" << ENV
RBAC_ENABLE=true
RBAC_PRIVATE_KEY_FILE=$WORK/keys/private.pem
RBAC_PUBLIC_KEY_FILE=$WORK/keys/public.pem
RBAC_SCOPE=*
AUTH_KIND=buildin
ENV
check 'the exact environment' "$(cat "$WORK/want.env")" "$(cat "$WORK/keys/service-center.env")"
cat > "$WORK/want.yaml" << YAML
rbac:
  enable: true
  privateKeyFile: $WORK/keys/private.pem
  publicKeyFile: $WORK/keys/public.pem
  scope: '*'
auth:
  kind: buildin
YAML
check 'the exact configuration' "$(cat "$WORK/want.yaml")" "$(cat "$WORK/keys/rbac.yaml")"
cut -d. -f1,2 <<< "$TOKEN" | tr -d '\n' > "$WORK/signed"
cut -d. -f3 <<< "$TOKEN" | tr -- '-_' '+/' | sed 's/$/==/' | base64 -di 2> /dev/null > "$WORK/signature"
check 'the exported key vouches for the token' 'Verified OK' "$(openssl dgst -sha512 -verify "$WORK/keys/public.pem" -signature "$WORK/signature" "$WORK/signed")"

check 'rotate stages a key' staged "$(tokenhouse engine keys rotate shop --json | field key)"
check '200 the old key signs until it is called again' 200 "$(exchange "$SHOP")"
check 'still the same token' "$TOKEN" "$(field token < "$WORK/answer")"
check 'export has the next key too' 0 "$(quiet tokenhouse engine keys export shop "$WORK/both")"
check 'in a folder of its own' 600 "$(stat -c %a "$WORK/both/next/private.pem")"
check 'rotate promotes it' promoted "$(tokenhouse engine keys rotate shop --json | field key)"
check '200 and the running server signs with it at once' 200 "$(exchange "$SHOP")"
field token < "$WORK/answer" > "$WORK/new"
cut -d. -f1,2 < "$WORK/new" | tr -d '\n' > "$WORK/signed"
cut -d. -f3 < "$WORK/new" | tr -- '-_' '+/' | sed 's/$/==/' | base64 -di 2> /dev/null > "$WORK/signature"
check 'with no other' 'Verified OK' "$(openssl dgst -sha512 -verify "$WORK/both/next/public.pem" -signature "$WORK/signature" "$WORK/signed")"

check 'import into a namespace of a Nacos' 0 "$(quiet tokenhouse engine import-user --engine config --user bob --role rw --namespace dev)"
check '200 in that namespace' 200 "$(exchange "$CONFIG" 'X-Namespace-ID: dev')"
check '400 in another one' '400 ENGINE.0406' "$(exchange "$CONFIG" 'X-Namespace-ID: prod')"
check 'the namespace goes to an enterprise project' 0 "$(quiet tokenhouse engine namespace config dev --enterprise-project ep-1)"
check '400 at once, from the default one' '400 SVCSTG.00501116' "$(exchange "$CONFIG" 'X-Namespace-ID: dev')"
check '200 from its own' 200 "$(exchange "$CONFIG" 'X-Namespace-ID: dev' 'X-Enterprise-Project-ID: ep-1')"
check 'namespaces are listed' 'dev ep-1' "$(tokenhouse engine namespace config --json | python3 -c 'import json, sys; print(*[n["namespace"] + " " + n["enterpriseProject"] for n in json.load(sys.stdin)])')"
check 'ServiceComb has no namespaces' 1 "$(quiet tokenhouse engine namespace shop dev --enterprise-project ep-1)"
check 'keys export of a Nacos' 0 "$(quiet tokenhouse engine keys export config "$WORK/nacos")"
check 'one file for the owner alone' '600 nacos.properties' "$(stat -c '%a %n' "$WORK"/nacos/* | sed "s|$WORK/nacos/||" | xargs)"

check 'remove-user' 0 "$(quiet tokenhouse engine remove-user --engine shop --user bob)"
check '400 at once' '400 ENGINE.0406' "$(exchange "$SHOP")"
check 'remove-user a second time finds nobody' 1 "$(quiet tokenhouse engine remove-user --engine shop --user bob)"
check 'import-user with another role' 0 "$(quiet tokenhouse engine import-user --engine shop --user bob --role admin)"
check '200 the role counts' 200 "$(exchange "$SHOP")"
check 'in the token' "['admin']" "$(field token < "$WORK/answer" | claim roles)"

check 'delete' 0 "$(quiet tokenhouse engine delete shop)"
check '400 the running server knows at once' '400 SVCSTG.00501116' "$(exchange "$SHOP")"
finish
