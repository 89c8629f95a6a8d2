# shellcheck shell=bash
# A real Keystone from Debian's packages, for the folders of e2e/ that compare with one or share keys with one: on a free
# port of loopback, embedded database, one process, nothing of the system touched. Sourced after lib.sh.
#
#   start_keystone [FILE]     appends FILE to its configuration; sets KS_URL (ends in /v3), KS_ROOT, KS_DATA, KS_PID
#   stop_keystone             a second start_keystone goes on with the same data and port
KS_PASSWORD=keystone-password
KS_DATA=$WORK/keystone

# Keystone's files belong to Debian's user for it, when there is one to change to.
as_keystone() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=keystone --regid=keystone --init-groups env -i PATH="$PATH" HOME="$KS_DATA" LANG=C.UTF-8 "$@"
  else
    "$@"
  fi
}
keystone_manage() { as_keystone /usr/bin/python3 -W ignore /usr/bin/keystone-manage --config-file "$KS_DATA/keystone.conf" "$@"; }

keystone_conf() {
  cat << CONF
[DEFAULT]
log_file = $KS_DATA/keystone.log
[database]
connection = sqlite:///$KS_DATA/keystone.db
[fernet_tokens]
key_repository = $KS_DATA/fernet-keys
[fernet_receipts]
key_repository = $KS_DATA/receipt-keys
[credential]
key_repository = $KS_DATA/credential-keys
[identity]
password_hash_rounds = 4
[auth]
methods = external,password,token,oauth1,mapped,application_credential,totp
[cache]
enabled = true
CONF
  # With memcached a validation takes a tenth of the time; without it nothing is remembered between requests.
  if [ -n "${KS_MEMCACHED:-}" ]; then
    printf 'backend = oslo_cache.memcache_pool\nmemcache_servers = 127.0.0.1:%s\n' "$KS_MEMCACHED"
  fi
}

# use_memcached: call it before the first start_keystone.
use_memcached() {
  need memcached python3-memcache
  KS_MEMCACHED=$(free_port)
  local user=(); [ "$(id -u)" != 0 ] || user=(-u memcache)
  memcached -l 127.0.0.1 -p "$KS_MEMCACHED" -m 64 "${user[@]}" > /dev/null 2>&1 < /dev/null &
  STARTED+=($!)
}

# forget_cached: after the database was changed behind Keystone's back.
forget_cached() {
  exec 3<> "/dev/tcp/127.0.0.1/$KS_MEMCACHED"
  printf 'flush_all\r\nquit\r\n' >&3
  cat <&3 > /dev/null
  exec 3>&-
}

set_up_keystone() {
  local owner=keystone; [ "$(id -u)" = 0 ] || owner=$(id -un)
  mkdir -p "$KS_DATA"
  keystone_conf > "$KS_DATA/keystone.conf"
  [ -z "${1:-}" ] || cat "$1" >> "$KS_DATA/keystone.conf"
  [ "$(id -u)" != 0 ] || chown -R keystone:keystone "$KS_DATA"
  {
    for kind in fernet receipt credential; do
      keystone_manage "${kind}_setup" --keystone-user "$owner" --keystone-group "$owner" || return 1
    done
    keystone_manage db_sync || return 1
    keystone_manage bootstrap --bootstrap-password "$KS_PASSWORD" --bootstrap-region-id RegionOne \
      --bootstrap-admin-url "$KS_URL" --bootstrap-internal-url "$KS_URL" --bootstrap-public-url "$KS_URL" || return 1
  } > "$WORK/keystone-setup.log" 2>&1
}

start_keystone() {
  need keystone uwsgi-core uwsgi-plugin-python3 curl procps
  KS_PORT=${KS_PORT:-$(free_port)}
  KS_ROOT=http://127.0.0.1:$KS_PORT
  KS_URL=$KS_ROOT/v3
  if [ ! -e "$KS_DATA/keystone.conf" ]; then
    set_up_keystone "$@" || { echo 'keystone did not set up:'; tail -5 "$WORK/keystone-setup.log"; exit 1; }
  fi
  as_keystone env OS_KEYSTONE_CONFIG_FILES="$KS_DATA/keystone.conf" uwsgi_python3 --master --processes 1 --lazy-apps \
    --die-on-term --no-orphans --enable-threads --http-socket "127.0.0.1:$KS_PORT" --buffer-size 65535 \
    --wsgi-file /usr/bin/keystone-wsgi-public --add-header 'Connection: close' > "$WORK/keystone-uwsgi.log" 2>&1 < /dev/null &
  KS_PID=$!
  STARTED+=("$KS_PID")
  for _ in $(seq 600); do
    curl -fs -o /dev/null -m 5 "$KS_URL" && return
    kill -0 "$KS_PID" 2> /dev/null || break
    sleep 0.1
  done
  echo 'keystone did not start:'; tail -20 "$WORK/keystone-uwsgi.log"; exit 1
}
stop_keystone() { stop "$KS_PID"; }
