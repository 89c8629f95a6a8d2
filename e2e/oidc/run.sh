#!/usr/bin/env bash
# OpenID Connect with a provider that nobody here wrote (npm oidc-provider), the plugins OpenStack's clients have
# (python3-keystoneauth1), the openstack command line, and Chromium with a dashboard that receives the token.
. "$(dirname "$0")/../lib.sh"
need python3-keystoneauth1 python3-openstackclient chromium curl
here=$E2E/oidc

cp "$here"/*.mjs "$here/package.json" "$WORK/"
(cd "$WORK" && npm install --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { tail -5 "$WORK/npm.log"; exit 1; }

dashboard=http://127.0.0.1:$(free_port)
huawei_port=$(free_port)
start_tokenhouse --trusted-dashboards "$dashboard/auth/websso/" --huawei-port "$huawei_port"
issuer=http://127.0.0.1:$(free_port)
callback=$TH_ROOT/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/openid/websso/callback
# started NAME FILE ARGUMENTS...: in the background, until it says `ready`.
started() {
  "$NODE" "$WORK/$2" "${@:3}" > "$WORK/$1.out" 2>&1 &
  STARTED+=("$!")
  for _ in $(seq 100); do grep -q ^ready "$WORK/$1.out" && return; sleep 0.1; done
  tail -5 "$WORK/$1.out"
}
started provider provider.mjs "${issuer##*:}" "$callback"
PROVIDER=${STARTED[-1]}
started dashboard dashboard.mjs "${dashboard##*:}" "$TH_ROOT"
attempt "the provider is made known by API alone" "$NODE" "$WORK/configure.mjs" "$TH_ROOT" "$TH_PASSWORD" "$issuer"

plugin() { /usr/bin/python3 "$here/plugins.py" "$TH_URL" "$issuer" "$@" 2>&1 | tail -1; }
check "v3oidcpassword gives a scoped token" "bob|alpha|member,reader" "$(plugin v3oidcpassword)"
check "v3oidcaccesstoken gives a scoped token" "bob|alpha|member,reader" "$(plugin v3oidcaccesstoken)"
check "v3oidcclientcredentials gives a program one" "program cli|alpha|member,reader" "$(plugin v3oidcclientcredentials)"
check "a token of another application is refused" 401 "$(plugin v3oidcclientcredentials foreign)"
check "garbage is refused" 401 "$(plugin garbage)"
shell() {
  openstack --os-auth-type v3oidcpassword --os-auth-url "$TH_URL" --os-identity-provider acme --os-protocol openid \
    --os-discovery-endpoint "$issuer/.well-known/openid-configuration" --os-client-id cli --os-client-secret cli-secret \
    --os-openid-scope 'openid profile' --os-username bob --os-password x --os-project-name alpha \
    --os-project-domain-name Default --os-identity-api-version 3 "$@" 2>&1 | tail -1
}
check "openstack --os-auth-type v3oidcpassword shows a catalog" identity "$(shell catalog list -f value -c Type)"
check "and is told what its token may not" "HTTP 403" "$(shell user list | grep -o 'HTTP 403')"

TMPDIR=$WORK "$NODE" "$WORK/browser.mjs" "$dashboard" "$TH_ROOT" "$issuer" > "$WORK/browser.out" 2> "$WORK/browser.err" \
  || tail -20 "$WORK/browser.err"
saw() { sed -n "s/^$1=//p" "$WORK/browser.out"; }
check "a browser is sent with code, PKCE and nonce" "code|S256|true" "$(saw asks)"
check "a browser brings its token to the dashboard, which uses it" "bob|alpha|member,reader|mapped,token" "$(saw dashboard)"
check "no token for a dashboard that is not trusted" 401 "$(saw stranger)"
check "the answer of a sign-in that another has replaced is refused" true "$(saw crossed)"
check "the same answer a second time is refused" 401 "$(saw replay)"
check "an answer in another browser is refused" 401 "$(saw other-browser)"
check "no cookie of the sign-in is left" "" "$(saw cookies)"
check "v3oidcauthcode exchanges a browser's code" "bob|alpha|member,reader" "$(plugin v3oidcauthcode "$(saw code)")"
check "v3oidcauthcode takes the ID token too" "bob|alpha|member,reader" "$(plugin v3oidcauthcode-id "$(saw code-for-id)")"

(cd "$WORK" && HOME=$WORK "$NODE" huawei.mjs "http://127.0.0.1:$huawei_port" "$TH_ROOT" "$TH_PASSWORD" "$issuer") \
  > "$WORK/huawei.out" 2> "$WORK/huawei.err" || tail -20 "$WORK/huawei.err"
cloud() { sed -n "s/^$1=//p" "$WORK/huawei.out"; }
check "an account's administrator makes its provider known" virtual_user_sso "$(cloud provider)"
check "Huawei Cloud's SDK makes temporary keys of an ID token" "true|true" "$(cloud temporary)"
check "and finds its account by them" Acme "$(cloud account)"
check "and its project by the region's name" "cn-north-4|true" "$(cloud project)"
check "an ID token for another application makes no keys" 401 "$(cloud foreign)"
check "the keys end when the provider is disabled" 401 "$(cloud disabled)"

# Everything is remembered by now; a new house has to ask, and cannot.
stop_tokenhouse
stop "$PROVIDER"
start_tokenhouse --trusted-dashboards "$dashboard/auth/websso/"
away=$TH_ROOT/v3/auth/OS-FEDERATION/websso/openid?origin=$dashboard/auth/websso/
check "503 while the provider is away" 503 "$(curl -s -o "$WORK/away" -w '%{http_code}' "$away")"
finish
