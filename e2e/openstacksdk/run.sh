#!/usr/bin/env bash
# Debian's openstacksdk on a fresh Tokenhouse: every function of `conn.identity`, and those of the connection itself that
# are about identity. What each has to give is in proxy.py and layer.py; that none was left out, at the end of run.py.
. "$(dirname "$0")/../lib.sh"
need python3-openstacksdk procps
start_tokenhouse

python3 "$E2E/openstacksdk/run.py" "$TH_URL" "$TH_PASSWORD" > "$WORK/run.out" 2>&1 || true
cat "$WORK/run.out"
read -r PASSED FAILED < <(sed -n 's/^\([0-9]*\) functions as they should be, \([0-9]*\) not$/\1 \2/p' "$WORK/run.out") || FAILED=1
finish
