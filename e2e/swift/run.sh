#!/usr/bin/env bash
# Debian's Swift on one disk, behind keystonemiddleware and s3token, which trust Tokenhouse: objects, access lists across
# projects, service tokens, application credentials with access rules, and S3 with EC2 keys: requests and pre-signed URLs.
. "$(dirname "$0")/../lib.sh"
need swift-proxy swift-account swift-container swift-object python3-keystonemiddleware python3-swiftclient python3-boto3 memcached \
  curl procps
start_tokenhouse

CONF=$WORK/swift
mkdir -p "$CONF" "$WORK/srv/disk"
PROXY=$(free_port)
CACHE=$(free_port)
memcached -u nobody -l 127.0.0.1 -p "$CACHE" -U 0 -m 16 > "$CONF/memcached.log" 2>&1 < /dev/null &
STARTED+=($!)
# started NAME PID URL: waits until the server answers, whatever it says.
started() {
  for _ in $(seq 600); do
    curl -s -o /dev/null -m 2 "$3" && return
    kill -0 "$2" 2> /dev/null || break
    sleep 0.1
  done
  echo "$1 did not start:"; tail -20 "$CONF/$1.log"; exit 1
}

# rings FOLDER KIND:PORT...: one replica on one disk each.
rings() {
  python3 - "$@" << 'END'
import sys
from swift.common.ring import RingBuilder
for kind, port in (server.split(':') for server in sys.argv[2:]):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'disk', 'weight': 1, 'meta': ''})
    builder.rebalance(seed=1)
    builder.get_ring().save(f'{sys.argv[1]}/{kind}.ring.gz')
END
}
# storage KIND PORT: its server; sets PID.
storage() {
  cat > "$CONF/$1.conf" << END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
swift_dir = $CONF
devices = $WORK/srv
mount_check = false
disable_fallocate = true
user = $(id -un)
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
END
  "swift-$1-server" "$CONF/$1.conf" -v > "$CONF/$1.log" 2>&1 < /dev/null &
  PID=$!
  STARTED+=("$PID")
}
declare -A PORTS=([account]=$(free_port) [container]=$(free_port) [object]=$(free_port)) PIDS=()
rings "$CONF" "account:${PORTS[account]}" "container:${PORTS[container]}" "object:${PORTS[object]}" || exit 1
for kind in "${!PORTS[@]}"; do storage "$kind" "${PORTS[$kind]}"; PIDS[$kind]=$PID; done

TAG=$$
SERVICE="auth_type = password
auth_url = $TH_URL
username = swift-$TAG
password = swift-$TAG-password
user_domain_id = default
project_name = services-$TAG
project_domain_id = default"
cat > "$CONF/proxy.conf" << END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $PROXY
workers = 0
swift_dir = $CONF
user = $(id -un)
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats authtoken s3api s3token keystoneauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$CACHE
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = $TH_URL
$SERVICE
delay_auth_decision = true
cache = swift.cache
token_cache_time = -1
service_type = object-store
service_token_roles = service
service_token_roles_required = true
[filter:s3api]
use = egg:swift#s3api
[filter:s3token]
use = egg:swift#s3token
auth_uri = $TH_URL
$SERVICE
delay_auth_decision = true
[filter:keystoneauth]
use = egg:swift#keystoneauth
reseller_prefix = AUTH, SERVICE
operator_roles = admin, member
SERVICE_service_roles = service
END
swift-proxy-server "$CONF/proxy.conf" -v > "$CONF/proxy.log" 2>&1 < /dev/null &
PIDS[proxy]=$!
STARTED+=("${PIDS[proxy]}")
PORTS[proxy]=$PROXY
for kind in "${!PORTS[@]}"; do started "$kind" "${PIDS[$kind]}" "http://127.0.0.1:${PORTS[$kind]}/"; done

python3 "$E2E/swift/checks.py" "$TH_URL" "$TH_PASSWORD" "http://127.0.0.1:$PROXY" "$TAG" > "$WORK/checks.out" 2>&1
STATUS=$?
cat "$WORK/checks.out"
PASSED=$(grep -c '^ok: ' "$WORK/checks.out")
FAILED=$(grep -c '^FAILED: ' "$WORK/checks.out")
[ "$STATUS" = 0 ] || FAILED=$((FAILED + 1))
finish
