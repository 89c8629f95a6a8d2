#!/usr/bin/env bash
# Document 002 with real processes: two accounts, an agency between them, a guarded service that its token opens; and the
# commands on agencies, delegations and access keys beside a running server.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec node -C development --test e2e/agency/agency.test.ts e2e/agency/command-line.test.ts
