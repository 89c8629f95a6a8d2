#!/usr/bin/env bash
# Keys of a namespace in the hands of the clients from npm, installed into a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
NACOS_CLIENTS=$(mktemp -d "${TMPDIR:-/tmp}/e2e-nacos-clients.XXXXXX")
export NACOS_CLIENTS
trap 'rm -rf "$NACOS_CLIENTS"' EXIT
echo '{"private": true}' > "$NACOS_CLIENTS/package.json"
npm install --prefix "$NACOS_CLIENTS" --no-audit --no-fund --ignore-scripts --loglevel error \
  nacos-config@2.6.3 nacos-naming@2.6.3 acm-client@3.1.0 @alicloud/pop-core@1.8.0
node -C development --test e2e/nacos-clients/nacos-clients.test.ts
