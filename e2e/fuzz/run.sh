#!/usr/bin/env bash
# Bad input over every route: only 4xx in the wire's own form, no 5xx, no crash, memory flat. SEED and PASSES may be set.
. "$(dirname "$0")/../lib.sh"
"$NODE" "$REPO/bin/run.mjs" e2e/fuzz/run.ts "$WORK/data" "${SEED:-1}" "${PASSES:-4}"
