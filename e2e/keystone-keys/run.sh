#!/usr/bin/env bash
# A real Keystone and Tokenhouse with the same Fernet keys and the same ids: each validates the other's tokens. Keys go over
# with `keys import` and `keys export`; the ids of Tokenhouse are written into Keystone's database.
. "$(dirname "$0")/../lib.sh"
. "$E2E/keystone.sh"
use_memcached
start_keystone
start_tokenhouse
script() { "$NODE" "$REPO/bin/run.mjs" e2e/keystone-keys/run.ts "$@"; }
export TH_URL TH_PASSWORD KS_URL KS_PASSWORD WORK

attempt 'the same people, projects and delegations on both' script make
stop_keystone
attempt "Tokenhouse's ids in Keystone's database" script rewrite "$KS_DATA/keystone.db"
forget_cached
start_keystone

echo '-- before the keys are shared'
script refused
attempt 'keys import of a Keystone repository' tokenhouse keys import "$KS_DATA/fernet-keys"
echo '-- with the keys of Keystone'
script compare
result=$?
# The other way round: Tokenhouse rotates, Keystone takes over what it exports.
attempt 'keys rotate' tokenhouse keys rotate
attempt 'keys export' tokenhouse keys export "$WORK/exported"
rm -f "$KS_DATA"/fernet-keys/*
cp "$WORK"/exported/* "$KS_DATA/fernet-keys/"
[ "$(id -u)" != 0 ] || chown -R keystone:keystone "$KS_DATA/fernet-keys"
echo '-- with the keys of Tokenhouse'
script compare || result=1
counts() { cat "$WORK"/counts-* 2> /dev/null | awk -v column="$1" '{sum += $column} END {print sum + 0}'; }
PASSED=$((PASSED + $(counts 1)))
FAILED=$((FAILED + $(counts 2)))
[ "$result" = 0 ] || [ "$FAILED" -gt 0 ] || FAILED=1
finish
