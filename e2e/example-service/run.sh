#!/usr/bin/env bash
# Document 004 with real processes: token service, guarded example service, caller.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec node -C development --test e2e/example-service/example-service.test.ts
