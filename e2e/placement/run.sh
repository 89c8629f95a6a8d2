#!/usr/bin/env bash
# A real OpenStack service that nobody here wrote: Debian's Placement behind keystonemiddleware, which trusts Tokenhouse.
# Good tokens of the right role are let in; missing, bad, altered, expired and revoked ones are 401; a wrong role is 403.
# The middleware's own cache is off, so that revoking shows at once; a second Placement has it on, as it comes.
. "$(dirname "$0")/../lib.sh"
need placement-api python3-placement uwsgi-core uwsgi-plugin-python3 python3-keystonemiddleware curl procps

SHORT=5 # seconds: the life of the tokens of a second server on the same data, for the expired one
start_tokenhouse
JSON='content-type: application/json'
# token USER PASSWORD PROJECT [URL]
token() {
  curl -s -D - -o /dev/null -H "$JSON" "${4:-$TH_URL}/auth/tokens" -d '{"auth": {"identity": {"methods": ["password"], "password": {"user":
    {"name": "'"$1"'", "domain": {"id": "default"}, "password": "'"$2"'"}}}, "scope": {"project": {"name": "'"$3"'", "domain": {"id": "default"}}}}}' \
    | tr -d '\r' | awk 'tolower($1) == "x-subject-token:" {print $2}'
}
ADMIN=$(token admin "$TH_PASSWORD" admin)
[ -n "$ADMIN" ] || { echo 'admin cannot log in'; exit 1; }
api() { curl -s -X "$1" -H "$JSON" -H "X-Auth-Token: $ADMIN" "$TH_URL$2" ${3:+-d "$3"}; }
field() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }
role() { api GET "/roles?name=$1" | field "['roles'][0]['id']"; }
revoke() { curl -s -o /dev/null -X DELETE -H "X-Auth-Token: $ADMIN" -H "X-Subject-Token: $1" "$TH_URL/auth/tokens"; }

TAG=$$
PROJECT=$(api POST /projects "{\"project\": {\"name\": \"services-$TAG\", \"domain_id\": \"default\"}}" | field "['project']['id']")
person() { api POST /users "{\"user\": {\"name\": \"$1\", \"domain_id\": \"default\", \"password\": \"$2\"}}" | field "['user']['id']"; }
SERVICE=$(person "placement-$TAG" placement-password)
MEMBER=$(person "member-$TAG" member-password)
for name in admin service; do api PUT "/projects/$PROJECT/users/$SERVICE/roles/$(role $name)"; done
api PUT "/projects/$PROJECT/users/$MEMBER/roles/$(role member)"

# placement NAME TOKEN_CACHE_TIME: sets PLACEMENT to its address.
placement() {
  local folder=$WORK/$1 port; port=$(free_port)
  mkdir -p "$folder"
  cat > "$folder/placement.conf" << CONF
[DEFAULT]
log_file = $folder/placement.log
[api]
auth_strategy = keystone
[placement_database]
connection = sqlite:///$folder/placement.db
sync_on_startup = true
[keystone_authtoken]
www_authenticate_uri = $TH_URL
auth_url = $TH_URL
auth_type = password
username = placement-$TAG
password = placement-password
user_domain_name = Default
project_name = services-$TAG
project_domain_name = Default
region_name = RegionOne
interface = public
token_cache_time = $2
service_token_roles = service
service_token_roles_required = true
CONF
  uwsgi_python3 --master --processes 1 --enable-threads --lazy-apps --die-on-term --no-orphans --http-socket "127.0.0.1:$port" \
    --wsgi-file /usr/bin/placement-api --env "OS_PLACEMENT_CONFIG_DIR=$folder" --buffer-size 65535 \
    --add-header 'Connection: close' > "$folder/uwsgi.log" 2>&1 < /dev/null &
  STARTED+=($!)
  PLACEMENT=http://127.0.0.1:$port
  for _ in $(seq 300); do curl -fs -o /dev/null -m 2 "$PLACEMENT/" && return; sleep 0.1; done
  echo 'placement did not start:'; tail -20 "$folder/uwsgi.log"; exit 1
}
# asks NAME STATUS CURL-ARGUMENTS...
asks() {
  local name=$1 want=$2; shift 2
  check "$name" "$want" "$(curl -s -o "$WORK/body" -D "$WORK/head" -w '%{http_code}' -H 'Accept: application/json' "$@" "$PLACEMENT${AT:-/resource_providers}")"
}

placement uncached -1
AT=/ asks 'version document, no token' 200
asks 'no token' 401
check 'WWW-Authenticate names the token service' "keystone uri=\"$TH_URL\"" \
  "$(tr -d '\r' < "$WORK/head" | sed -n 's/^www-authenticate: //ip' | tr 'K' 'k')"
asks 'garbage' 401 -H 'X-Auth-Token: not-a-token'
M1=$(token "member-$TAG" member-password "services-$TAG")
asks 'altered token' 401 -H "X-Auth-Token: ${M1%????}AAAA"
asks 'token of a role that may' 200 -H "X-Auth-Token: $ADMIN"
asks 'token of a role that may not' 403 -H "X-Auth-Token: $M1"
asks 'a write' 200 -X POST -H 'OpenStack-API-Version: placement 1.20' -H "$JSON" -H "X-Auth-Token: $ADMIN" \
  -d '{"name": "rack", "uuid": "6c10d6c2-3f9d-4c5c-9f5b-000000000001"}'
UNSCOPED=$(curl -s -D - -o /dev/null -H "$JSON" "$TH_URL/auth/tokens" -d '{"auth": {"identity": {"methods": ["token"], "token": {"id": "'"$M1"'"}}, "scope": {"unscoped": {}}}}' | tr -d '\r' | awk 'tolower($1) == "x-subject-token:" {print $2}')
asks 'unscoped token' 403 -H "X-Auth-Token: $UNSCOPED"

A2=$(token admin "$TH_PASSWORD" admin)
asks 'before it is revoked' 200 -H "X-Auth-Token: $A2"
revoke "$A2"
asks 'revoked' 401 -H "X-Auth-Token: $A2"
A3=$(token admin "$TH_PASSWORD" admin)
revoke "$A3"
asks 'revoked before its first use' 401 -H "X-Auth-Token: $A3"

S1=$(token "placement-$TAG" placement-password "services-$TAG")
asks 'with a service token' 403 -H "X-Auth-Token: $M1" -H "X-Service-Token: $S1"
asks 'admin with a service token' 200 -H "X-Auth-Token: $ADMIN" -H "X-Service-Token: $S1"
asks 'with a bad service token' 401 -H "X-Auth-Token: $ADMIN" -H 'X-Service-Token: not-a-token'
asks 'a service token without the role' 401 -H "X-Auth-Token: $ADMIN" -H "X-Service-Token: $M1"

if [ -z "${E2E_URL:-}" ]; then
  # A second process on the same data issues tokens that live for seconds; the first one validates them.
  FIRST=$TH_URL
  TH_PORT='' start_tokenhouse --token-ttl "$SHORT"
  SECOND=$TH_URL
  TH_URL=$FIRST
  E1=$(token admin "$TH_PASSWORD" admin "$SECOND")
  asks 'about to expire' 200 -H "X-Auth-Token: $E1"
  sleep $((SHORT + 1))
  asks 'expired' 401 -H "X-Auth-Token: $E1"
  asks 'expired, vouched for by a service token' 200 -H "X-Auth-Token: $E1" -H "X-Service-Token: $S1"
fi

placement cached 300
A4=$(token admin "$TH_PASSWORD" admin)
asks 'cached: first use' 200 -H "X-Auth-Token: $A4"
asks 'cached: second use' 200 -H "X-Auth-Token: $A4"
A5=$(token admin "$TH_PASSWORD" admin)
revoke "$A5"
asks 'cached: revoked before its first use' 401 -H "X-Auth-Token: $A5"
for user in $SERVICE $MEMBER; do api DELETE "/users/$user" > /dev/null; done
api DELETE "/projects/$PROJECT" > /dev/null
finish
