#!/usr/bin/env bash
# Huawei Cloud's official SDK from npm, installed into a temporary folder with a home of its own, against the Huawei Cloud
# face: projects and accounts resolved by key, agencies, grants, access keys, temporary keys. The core needs uuid@9 beside it.
set -euo pipefail
cd "$(dirname "$0")/../.."
HUAWEI_SDK=$(mktemp -d "${TMPDIR:-/tmp}/e2e-huawei-sdk.XXXXXX")
export HUAWEI_SDK
trap 'rm -rf "$HUAWEI_SDK"' EXIT
echo '{"private": true}' > "$HUAWEI_SDK/package.json"
mkdir "$HUAWEI_SDK/home"
npm install --prefix "$HUAWEI_SDK" --no-audit --no-fund --ignore-scripts --loglevel error \
  @huaweicloud/huaweicloud-sdk-core@3.1.211 @huaweicloud/huaweicloud-sdk-iam@3.1.172 uuid@9
HOME=$HUAWEI_SDK/home node -C development --test e2e/huawei-sdk/huawei-sdk.test.ts
