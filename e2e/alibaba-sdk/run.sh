#!/usr/bin/env bash
# Document 003 with the official SDK cores from npm, installed into a temporary folder: each signature scheme they send,
# with lasting and temporary keys; and the credentials library's own ways to come by a key, over TLS with a test CA.
. "$(dirname "$0")/../lib.sh"
set -e
need openssl
cd "$REPO"
ALIBABA_SDK=$WORK/sdk
export ALIBABA_SDK
mkdir "$ALIBABA_SDK"
echo '{"private": true}' > "$ALIBABA_SDK/package.json"
PATH="$(dirname "$NODE"):$PATH" npm install --prefix "$ALIBABA_SDK" --no-audit --no-fund --ignore-scripts --loglevel error \
  @alicloud/pop-core@1.8.0 @alicloud/openapi-core@1.0.8 @alicloud/openapi-client@0.4.15 @alicloud/tea-util@1.4.11 \
  @alicloud/credentials@2.4.7
(
  cd "$ALIBABA_SDK"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test CA' -keyout ca.key -out ca.crt
  openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout server.key -out server.csr
  printf 'subjectAltName=IP:127.0.0.1\n' > names
  openssl x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile names -out server.crt
) 2> "$WORK/openssl.log" || { cat "$WORK/openssl.log"; exit 1; }
NODE_EXTRA_CA_CERTS=$ALIBABA_SDK/ca.crt "$NODE" -C development --test \
  e2e/alibaba-sdk/alibaba-sdk.test.ts e2e/alibaba-sdk/credentials.test.ts
