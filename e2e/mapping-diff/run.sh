#!/usr/bin/env bash
# The mapping engine against Keystone's own rule processor (python3-keystone of Debian) on thousands of random mappings, and
# its regular expressions against Python's. The same ones each time; SEED=$RANDOM looks at others.
. "$(dirname "$0")/../lib.sh"
need python3-keystone
"$NODE" "$REPO/bin/run.mjs" e2e/mapping-diff/patterns.ts --count "${PATTERNS:-20000}" --seed "${SEED:-1}" || exit 1
exec "$NODE" "$REPO/bin/run.mjs" e2e/mapping-diff/run.ts --count "${COUNT:-4000}" --seed "${SEED:-1}" "$@"
