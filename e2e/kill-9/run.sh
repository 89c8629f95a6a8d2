#!/usr/bin/env bash
# `kill -9` during a stream of writes, ROUNDS times [100]: what was acknowledged is there after each restart.
. "$(dirname "$0")/../lib.sh"
"$NODE" "$REPO/bin/run.mjs" e2e/kill-9/run.ts "${ROUNDS:-100}" "$WORK/data"
