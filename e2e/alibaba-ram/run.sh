#!/usr/bin/env bash
# RAM, STS and IMS with the official SDKs from npm, installed into a temporary folder: V3 and RPC signatures, long-term and STS keys.
set -euo pipefail
cd "$(dirname "$0")/../.."
ALIBABA_SDK=$(mktemp -d "${TMPDIR:-/tmp}/e2e-alibaba-ram.XXXXXX")
export ALIBABA_SDK
trap 'rm -rf "$ALIBABA_SDK"' EXIT
echo '{"private": true}' > "$ALIBABA_SDK/package.json"
npm install --prefix "$ALIBABA_SDK" --no-audit --no-fund --ignore-scripts --loglevel error \
  @alicloud/ram20150501@1.2.1 @alicloud/sts20150401@1.2.0 @alicloud/ims20190815@2.3.2 @alicloud/pop-core@1.8.0
node -C development --test e2e/alibaba-ram/alibaba-ram.test.ts
