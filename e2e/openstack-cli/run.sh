#!/usr/bin/env bash
# Debian's `openstack` command and keystoneauth, as an operator uses them, on a fresh Tokenhouse: the program itself a few
# times, then every command on identity within one process (commands.py), since a start of the program takes a second.
. "$(dirname "$0")/../lib.sh"
need python3-openstackclient python3-keystoneauth1 python3-oauthlib procps
start_tokenhouse

export OS_CLIENT_CONFIG_FILE=$TH_DATA/clouds.yaml
attempt 'openstack --os-cloud tokenhouse token issue' openstack --os-cloud tokenhouse token issue
attempt 'catalog list names the service' sh -c "openstack --os-cloud tokenhouse catalog list -f value | grep -q '^.*identity.*$TH_URL'"
check 'an unknown user is told so' 1 "$(openstack --os-cloud tokenhouse user show nobody > /dev/null 2>&1; echo $?)"
admin() {
  env OS_AUTH_TYPE=v3password OS_AUTH_URL="$TH_URL" OS_USERNAME=admin OS_PASSWORD="$1" OS_PROJECT_NAME=admin \
    OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default OS_IDENTITY_API_VERSION=3 openstack "${@:2}"
}
check 'the settings of an openrc file log in' admin "$(admin "$TH_PASSWORD" project show admin -f value -c name)"
check 'a wrong password does not' 1 "$(admin wrong token issue > /dev/null 2>&1; echo $?)"
attempt 'keystoneauth' python3 "$E2E/openstack-cli/flows.py" "$TH_URL" "$TH_PASSWORD"

if python3 "$E2E/openstack-cli/commands.py" "$TH_URL" "$TH_PASSWORD" "$WORK" > "$WORK/commands.out" 2>&1; then
  sed -n 's/^ok: //p' "$WORK/commands.out" | awk '{ print "ok: " $0 }'
else
  cat "$WORK/commands.out"
fi
read -r passed failed < <(sed -n 's/^\([0-9]*\) commands as they should be, \([0-9]*\) not$/\1 \2/p' "$WORK/commands.out")
PASSED=$((PASSED + ${passed:-0}))
FAILED=$((FAILED + ${failed:-1}))
finish
