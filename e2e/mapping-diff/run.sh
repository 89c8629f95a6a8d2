#!/usr/bin/env bash
# The mapping engine against Keystone's own rule processor (python3-keystone of Debian) on thousands of random mappings.
. "$(dirname "$0")/../lib.sh"
exec "$NODE" "$REPO/bin/run.mjs" e2e/mapping-diff/run.ts --count "${COUNT:-4000}" "$@"
