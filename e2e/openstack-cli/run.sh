#!/usr/bin/env bash
# Debian's `openstack` command and keystoneauth, as an operator uses them, on a fresh Tokenhouse.
. "$(dirname "$0")/../lib.sh"
need python3-openstackclient python3-keystoneauth1 procps
start_tokenhouse

export OS_CLIENT_CONFIG_FILE=$TH_DATA/clouds.yaml OS_CLOUD=tokenhouse
os() { attempt "openstack $*" openstack "$@"; }
# value NAME WANT ARGUMENTS...: what a command prints.
value() { local want=$1; shift; check "openstack $*" "$want" "$(openstack "$@" 2>&1 | tail -1)"; }

attempt 'openstack --os-cloud tokenhouse token issue' openstack --os-cloud tokenhouse token issue
attempt 'catalog list names the service' sh -c "openstack catalog list -f value | grep -q '^.*identity.*$TH_URL'"
attempt 'keystoneauth' python3 "$E2E/openstack-cli/flows.py" "$TH_URL" "$TH_PASSWORD"

os versions show
os project list
os user create --password first --email a@example.org robin
os catalog list
os project create --description 'a project' --tag blue garden
value garden project show garden -f value -c name
os role add --user robin --project garden member
value 'member' role assignment list --user robin --names -f value -c Role
value robin user list --project garden -f value -c Name
os user show robin
os user set --description changed robin
value changed user show robin -f value -c description
os group create gardeners
os group add user gardeners robin
os group contains user gardeners robin
os domain create fields
os domain set --disable fields
os domain delete fields
os role create planter
os service create --name shed storage-shed
os endpoint create --region RegionOne storage-shed public http://127.0.0.1:1/
os endpoint list
value http://127.0.0.1:1/ endpoint list --service storage-shed -f value -c URL
os region list
os application credential create --role admin --secret ac-secret robot
value robot application credential list -f value -c Name
attempt 'the application credential logs in' env -u OS_CLOUD OS_AUTH_TYPE=v3applicationcredential OS_AUTH_URL="$TH_URL" \
  OS_APPLICATION_CREDENTIAL_SECRET=ac-secret OS_IDENTITY_API_VERSION=3 \
  OS_APPLICATION_CREDENTIAL_ID="$(openstack application credential show robot -f value -c id)" openstack token issue
os application credential delete robot
os credential create --type cert --project admin admin a-blob
os ec2 credentials create
os trust create --project admin --role admin admin robin
os trust list
os registered limit list
os policy list
os implied role list
os identity provider list
os mapping list
os access rule list
os consumer list
os user set --password second robin
robin() {
  env -u OS_CLOUD OS_AUTH_TYPE=v3password OS_AUTH_URL="$TH_URL" OS_USERNAME=robin OS_PASSWORD="$1" OS_PROJECT_NAME=garden \
    OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default OS_IDENTITY_API_VERSION=3 openstack token issue -f value -c id
}
attempt 'the new password logs in' robin second
check 'the old password does not' 1 "$(robin first > /dev/null 2>&1; echo $?)"
attempt 'openstack token revoke' openstack token revoke "$(openstack token issue -f value -c id)"
os service delete shed
os role delete planter
os group delete gardeners
os user delete robin
os project delete garden
check 'an unknown user is told so' 1 "$(openstack user show nobody > /dev/null 2>&1; echo $?)"
finish
