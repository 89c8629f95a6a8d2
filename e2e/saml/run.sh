#!/usr/bin/env bash
# SAML with providers that nobody here wrote: SimpleSAMLphp (Debian), once as it comes and once encrypting, and samlify (npm).
# A real Chromium signs in, keystoneauth’s plugins do without one (ECP, WS-Trust), and answers nobody asked for are posted.
. "$(dirname "$0")/../lib.sh"
need simplesamlphp php-cli php-xml php-mbstring chromium python3-keystoneauth1 python3-openstackclient python3-lxml openssl curl
here=$E2E/saml
dashboard=http://127.0.0.1:$(free_port)/auth/websso/

cp "$here"/*.mjs "$here/package.json" "$WORK/"
(cd "$WORK" && npm install --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { tail -5 "$WORK/npm.log"; exit 1; }
start_tokenhouse --trusted-dashboards "$dashboard"

consumer=$TH_ROOT/v3-ext/auth/OS-FEDERATION/SSO/ADFS/identity_providers/corp/protocols/saml2
# folder NAME: keys of a provider, and what we say of ourselves.
folder() {
  mkdir -p "$WORK/$1/temp"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$WORK/$1/idp.key" -out "$WORK/$1/idp.crt" \
    > /dev/null 2>&1
  curl -sf "$TH_ROOT/v3-ext/auth/OS-FEDERATION/SSO/metadata" > "$WORK/$1/tokenhouse.xml"
}
# simplesamlphp NAME HOST PORT ENCRYPT
simplesamlphp() {
  folder "$1"
  SIMPLESAMLPHP_CONFIG_DIR=$here/simplesamlphp SSP_BASE=http://$2:$3 SSP_FOLDER=$WORK/$1 SSP_ENCRYPT=$4 \
    SSP_REALMS="$TH_ROOT $consumer $TH_ROOT/elsewhere" \
    php -d error_reporting=0 -S "$2:$3" -t /usr/share/simplesamlphp/www "$here/simplesamlphp/router.php" > "$WORK/$1/php.out" 2>&1 &
  STARTED+=("$!")
}
port=$(free_port)
plain=http://127.0.0.1:$port
simplesamlphp acme 127.0.0.1 "$port" 0
port=$(free_port)
encrypting=http://localhost:$port
simplesamlphp vault localhost "$port" 1
# Those two go on encrypting for the key they know; the third is told of the new one too.
attempt "a newer key is made while the service runs" tokenhouse keys rotate saml
port=$(free_port)
folder umbrella
"$NODE" "$WORK/provider.mjs" "$port" "$WORK/umbrella" "$WORK/umbrella/tokenhouse.xml" > "$WORK/umbrella/node.out" 2>&1 &
STARTED+=("$!")
umbrella=http://127.0.0.1:$port
for url in "$plain/saml2/idp/metadata.php" "$encrypting/saml2/idp/metadata.php" "$umbrella/metadata"; do
  for _ in $(seq 100); do curl -sf "$url" > "$WORK/metadata.xml" && break; sleep 0.1; done
done

attempt "the providers are made known by API alone" "$NODE" "$WORK/configure.mjs" "$TH_ROOT" "$TH_PASSWORD" \
  "acme=$plain/saml2/idp/metadata.php" "vault=$encrypting/saml2/idp/metadata.php" "umbrella=$umbrella/metadata" "corp=$plain/module.php/adfs/idp/metadata.php"

ecp() { /usr/bin/python3 "$here/ecp.py" "$TH_URL" "$@" 2>&1 | tail -1; }
sso=$plain/saml2/idp/SSOService.php
check "v3samlpassword gives a scoped token" "bob|alpha|member,reader" "$(ecp acme "$sso" secret)"
check "v3samlpassword, the answer of another provider" 401 "$(ecp vault "$sso" secret)"
check "v3samlpassword, a wrong password" 401 "$(ecp acme "$sso" wrong)"
# SimpleSAMLphp 1.19 renames a prefix when it puts an encrypted assertion that it signed into the envelope; samlify does not.
check "v3samlpassword, an encrypted assertion" "carol|alpha|member,reader" "$(ecp umbrella "$umbrella/ecp" secret)"
check "v3samlpassword, an encrypted assertion of another provider" 401 "$(ecp acme "$umbrella/ecp" secret)"

# WS-Trust: the assertions are the adfs module's, the plugin is the real one, between them nothing but the envelope (sts.py).
port=$(free_port)
/usr/bin/python3 "$here/sts.py" "$port" "$plain/module.php/adfs/idp/prp.php" > "$WORK/sts.out" 2>&1 &
STARTED+=("$!")
for _ in $(seq 100); do curl -s "http://127.0.0.1:$port" > "$WORK/said" && break; sleep 0.1; done
adfs() { /usr/bin/python3 "$here/adfs.py" "$TH_URL" corp "http://127.0.0.1:$port" "$@" 2>&1 | tail -1; }
check "v3adfspassword gives a scoped token" "bob|alpha|member,reader" "$(adfs "$consumer" secret "$consumer")"
check "v3adfspassword, for us by our entity id" "bob|alpha|member,reader" "$(adfs "$consumer" secret "$TH_ROOT")"
check "v3adfspassword, for another service" 401 "$(adfs "$consumer" secret "$TH_ROOT/elsewhere")"
check "v3adfspassword, at another provider's consumer" 401 "$(adfs "${consumer/corp/vault}" secret "$TH_ROOT")"
check "v3adfspassword, a wrong password" a:FailedAuthentication "$(adfs "$consumer" wrong "$consumer")"
check "openstack --os-auth-type v3adfspassword shows a catalog" identity "$(openstack --os-auth-type v3adfspassword \
  --os-auth-url "$TH_URL" --os-identity-provider corp --os-protocol saml2 --os-identity-provider-url "http://127.0.0.1:$port" \
  --os-service-provider-endpoint "$consumer" --os-service-provider-entity-id "$TH_ROOT" --os-username bob --os-password secret \
  --os-project-name alpha --os-project-domain-name Default --os-identity-api-version 3 catalog list -f value -c Type 2>&1 | tail -1)"

"$NODE" "$WORK/browser.mjs" "$TH_ROOT" "$dashboard" "$plain" "$encrypting" > "$WORK/browser.out" 2>&1
in_browser() { check "a browser: $1" "$2" "$(sed -n "s/^$1: //p" "$WORK/browser.out")"; }
bob="bob|alpha|member,reader|uses alpha"
in_browser "redirect binding" "$bob"
in_browser "encrypted assertion from another site" "$bob"
in_browser "POST binding, signed request" "carol|alpha|member,reader|uses alpha"
in_browser "by the protocol alone" 401
in_browser "a dashboard that is not trusted" 401
in_browser "a second time" "$bob, then 401"
in_browser "in another browser" 401
in_browser "in another browser that is signing in itself" 401
in_browser "begun at the provider" 201
form="changed 401; as another provider’s 401; $bob; again 401"
in_browser "posted as a form, acme" "$form"
in_browser "posted as a form, vault" "$form"
finish
