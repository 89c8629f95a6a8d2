#!/usr/bin/env bash
# OpenID Connect with a provider that nobody here wrote (npm oidc-provider) and the plugins OpenStack's clients have
# (python3-keystoneauth1): programs, users by password, access tokens, and a browser's way.
. "$(dirname "$0")/../lib.sh"
need python3-keystoneauth1
here=$E2E/oidc
origin=http://dashboard.test/auth/websso/

cp "$here"/*.mjs "$here/package.json" "$WORK/"
(cd "$WORK" && npm install --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { tail -5 "$WORK/npm.log"; exit 1; }

start_tokenhouse --trusted-dashboards "$origin"
port=$(free_port)
issuer=http://127.0.0.1:$port
callback=$TH_ROOT/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso/callback
"$NODE" "$WORK/provider.mjs" "$port" "$callback" > "$WORK/provider.out" 2>&1 &
PROVIDER=$!
STARTED+=("$PROVIDER")
for _ in $(seq 100); do grep -q ^ready "$WORK/provider.out" && break; sleep 0.1; done
attempt "the provider is made known by API alone" "$NODE" "$WORK/configure.mjs" "$TH_ROOT" "$TH_PASSWORD" "$issuer"

plugin() { /usr/bin/python3 "$here/plugins.py" "$TH_URL" "$issuer" "$@" 2>&1 | tail -1; }
check "v3oidcpassword gives a scoped token" "bob|alpha|member,reader" "$(plugin v3oidcpassword)"
check "v3oidcaccesstoken gives a scoped token" "bob|alpha|member,reader" "$(plugin v3oidcaccesstoken)"
check "v3oidcclientcredentials gives a program one" "program cli|alpha|member,reader" "$(plugin v3oidcclientcredentials)"
check "a token of another application is refused" 401 "$(plugin v3oidcclientcredentials foreign)"
check "garbage is refused" 401 "$(plugin garbage)"

browser() { "$NODE" "$WORK/browser.mjs" "$TH_ROOT" "$@" 2>&1 | tail -1; }
check "a browser brings its token to the dashboard" "bob|mapped" "$(browser "$origin")"
check "no token for a dashboard that is not trusted" 401 "$(browser http://evil.test/)"
check "the same answer a second time is refused" 401 "$(browser "$origin" replay)"
check "an answer without the browser's cookie is refused" 401 "$(browser "$origin" no-cookie)"

# Everything is remembered by now; a new house has to ask, and cannot.
stop_tokenhouse
stop "$PROVIDER"
start_tokenhouse --trusted-dashboards "$origin"
check "503 while the provider is away" 503 "$(browser "$origin")"
finish
