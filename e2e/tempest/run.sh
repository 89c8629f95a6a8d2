#!/usr/bin/env bash
# OpenStack's own suites on Tokenhouse: Tempest's identity tests and keystone_tempest_plugin, API and RBAC (Debian's
# packages). What the real Keystone passes has to pass: expected-api.tsv and expected-rbac.tsv hold its scores, and
# exceptions.tsv what is not to pass, with the reason.
#   MODE         api, rbac, or both [both]
#   SHARD        I/N runs every N-th test class from the I-th on; `all` runs everything [all; in CI 1/4]
#   REGEX        only tests that match         CONCURRENCY [2]        OUT a folder for results [temporary]
. "$(dirname "$0")/../lib.sh"
need tempest keystone-tempest-plugin python3-stestr python3-subunit python3-testtools procps
HERE=$E2E/tempest
SHARD=${SHARD:-$([ -n "${CI:-}" ] && echo 1/4 || echo all)}
OUT=${OUT:-$WORK/results}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)

API='^(tempest\.api\.identity\.(admin\.)?v3|keystone_tempest_plugin\.tests\.api)\.'
RBAC='^keystone_tempest_plugin\.tests\.rbac\.'
TESTS=$(python3 -c 'import os, tempest; print(os.path.dirname(tempest.__file__))')

# suite MODE REGEX SYSTEM_ADMIN: runs one suite into $OUT/MODE and scores it.
suite() {
  local mode=$1 regex=$2 scope=$3 folder=$OUT/$1
  rm -rf "$folder"
  mkdir -p "$folder/lock"
  sed -e "s|@OUT@|$folder|; s|@ENDPOINT@|$TH_URL|; s|@PASSWORD@|$TH_PASSWORD|; s|@SCOPE@|$scope|" "$HERE/tempest.conf" > "$folder/tempest.conf"
  # The RBAC suite asks for an administrator of the system; the API suite for one of a project.
  [ "$scope" = true ] || sed -i '/^admin_system/d' "$folder/tempest.conf"
  printf '[DEFAULT]\ntest_path=%s/test_discover\ntop_dir=%s\ngroup_regex=([^\\.]*\\.)*\n' "$TESTS" "$(dirname "$TESTS")" > "$folder/.stestr.conf"
  (
    cd "$folder" || exit 1
    export TEMPEST_CONFIG_DIR=$folder TEMPEST_CONFIG=tempest.conf OS_TEST_TIMEOUT=300
    stestr init > /dev/null 2>&1
    stestr list "$regex" > listed.txt 2> listed.err || { tail -5 listed.err; exit 1; }
    python3 "$HERE/score.py" choose listed.txt "$SHARD" "${REGEX:-}" > chosen.txt
    stestr run --concurrency "${CONCURRENCY:-2}" --load-list chosen.txt > run.log 2>&1
    stestr last --subunit > run.subunit 2> /dev/null
    python3 "$HERE/score.py" score chosen.txt run.subunit results.tsv
    python3 "$HERE/score.py" compare results.tsv "$HERE/expected-$mode.tsv" "$HERE/exceptions.tsv" "$mode" counts
  )
  read -r passed failed < "$folder/counts" || { passed=0; failed=1; }
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
}

MODE=${MODE:-both}
compliance=(--lockout-failure-attempts 2 --lockout-duration 5 --unique-last-password-count 2 --password-hash bcrypt --bcrypt-rounds 4)
if [ "$MODE" != rbac ]; then
  start_tokenhouse "${compliance[@]}"
  suite api "$API" false
fi
if [ "$MODE" != api ]; then
  [ -z "${TH_PID:-}" ] || stop "$TH_PID"
  # The personas are those of the new defaults.
  start_tokenhouse "${compliance[@]}" --enforce-new-defaults
  suite rbac "$RBAC" true
fi
finish
