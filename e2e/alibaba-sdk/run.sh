#!/usr/bin/env bash
# Document 003 with the official SDK cores from npm, installed into a temporary folder: each signature scheme they send.
set -euo pipefail
cd "$(dirname "$0")/../.."
ALIBABA_SDK=$(mktemp -d "${TMPDIR:-/tmp}/e2e-alibaba-sdk.XXXXXX")
export ALIBABA_SDK
trap 'rm -rf "$ALIBABA_SDK"' EXIT
echo '{"private": true}' > "$ALIBABA_SDK/package.json"
npm install --prefix "$ALIBABA_SDK" --no-audit --no-fund --ignore-scripts --loglevel error \
  @alicloud/pop-core@1.8.0 @alicloud/openapi-core@1.0.8 @alicloud/openapi-client@0.4.15 @alicloud/tea-util@1.4.11
node -C development --test e2e/alibaba-sdk/alibaba-sdk.test.ts
