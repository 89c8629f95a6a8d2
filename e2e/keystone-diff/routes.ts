/** The 124 routes and 258 operations (HEAD and OPTIONS apart) of the Keystone v3 API, as its router lists them. */
export const routes: readonly { readonly path: string; readonly methods: readonly string[] }[] = `
/ GET
/static/{filename} GET
/v3 GET
/v3/OS-EP-FILTER/endpoint_groups GET,POST
/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id} DELETE,GET,PATCH
/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints GET
/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects GET
/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id} DELETE,GET,PUT
/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects GET
/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups GET
/v3/OS-EP-FILTER/projects/{project_id}/endpoints GET
/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id} DELETE,GET,PUT
/v3/OS-FEDERATION/domains GET
/v3/OS-FEDERATION/identity_providers GET
/v3/OS-FEDERATION/identity_providers/{idp_id} DELETE,GET,PATCH,PUT
/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols GET
/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id} DELETE,GET,PATCH,PUT
/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth GET,POST
/v3/OS-FEDERATION/mappings DELETE,GET,PATCH,PUT
/v3/OS-FEDERATION/mappings/{mapping_id} DELETE,GET,PATCH,PUT
/v3/OS-FEDERATION/projects GET
/v3/OS-FEDERATION/saml2/metadata GET
/v3/OS-FEDERATION/service_providers GET
/v3/OS-FEDERATION/service_providers/{service_provider_id} DELETE,GET,PATCH,PUT
/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects GET
/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects DELETE,GET,PUT
/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects GET
/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects DELETE,GET,PUT
/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects DELETE,GET,PUT
/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects DELETE,GET,PUT
/v3/OS-OAUTH1/access_token GET,POST
/v3/OS-OAUTH1/authorize/{request_token_id} GET,PUT
/v3/OS-OAUTH1/consumers DELETE,GET,PATCH,POST
/v3/OS-OAUTH1/consumers/{consumer_id} DELETE,GET,PATCH,POST
/v3/OS-OAUTH1/request_token GET,POST
/v3/OS-OAUTH2/token DELETE,GET,PATCH,POST,PUT
/v3/OS-REVOKE/events GET
/v3/OS-SIMPLE-CERT/ca GET
/v3/OS-SIMPLE-CERT/certificates GET
/v3/OS-TRUST/trusts GET,POST
/v3/OS-TRUST/trusts/{trust_id} DELETE,GET
/v3/OS-TRUST/trusts/{trust_id}/roles GET
/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id} GET
/v3/auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso GET,POST
/v3/auth/OS-FEDERATION/saml2 GET,POST
/v3/auth/OS-FEDERATION/saml2/ecp GET,POST
/v3/auth/OS-FEDERATION/websso/{protocol_id} GET,POST
/v3/auth/catalog GET
/v3/auth/domains GET
/v3/auth/projects GET
/v3/auth/system GET
/v3/auth/tokens DELETE,GET,POST
/v3/auth/tokens/OS-PKI/revoked GET
/v3/credentials GET,POST
/v3/credentials/{credential_id} DELETE,GET,PATCH
/v3/domains GET,POST
/v3/domains/config/default GET
/v3/domains/config/{group}/default GET
/v3/domains/config/{group}/{option}/default GET
/v3/domains/{domain_id} DELETE,GET,PATCH
/v3/domains/{domain_id}/config DELETE,GET,PATCH,PUT
/v3/domains/{domain_id}/config/{group} DELETE,GET,PATCH
/v3/domains/{domain_id}/config/{group}/{option} DELETE,GET,PATCH
/v3/domains/{domain_id}/groups/{group_id}/roles GET
/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id} DELETE,GET,PUT
/v3/domains/{domain_id}/users/{user_id}/roles GET
/v3/domains/{domain_id}/users/{user_id}/roles/{role_id} DELETE,GET,PUT
/v3/ec2tokens GET,POST
/v3/endpoints GET,POST
/v3/endpoints/{endpoint_id} DELETE,GET,PATCH
/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy GET
/v3/groups GET,POST
/v3/groups/{group_id} DELETE,GET,PATCH
/v3/groups/{group_id}/users GET
/v3/groups/{group_id}/users/{user_id} DELETE,GET,PUT
/v3/limits GET,POST
/v3/limits/model GET
/v3/limits/{limit_id} DELETE,GET,PATCH
/v3/policies DELETE,GET,PATCH,POST
/v3/policies/{policy_id} DELETE,GET,PATCH,POST
/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints GET
/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id} DELETE,GET,PUT
/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id} DELETE,GET,PUT
/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}/regions/{region_id} DELETE,GET,PUT
/v3/projects GET,POST
/v3/projects/{project_id} DELETE,GET,PATCH
/v3/projects/{project_id}/groups/{group_id}/roles GET
/v3/projects/{project_id}/groups/{group_id}/roles/{role_id} DELETE,GET,PUT
/v3/projects/{project_id}/tags DELETE,GET,PUT
/v3/projects/{project_id}/tags/{value} DELETE,GET,PUT
/v3/projects/{project_id}/users/{user_id}/roles GET
/v3/projects/{project_id}/users/{user_id}/roles/{role_id} DELETE,GET,PUT
/v3/regions GET,POST
/v3/regions/{region_id} DELETE,GET,PATCH,PUT
/v3/registered_limits GET,POST
/v3/registered_limits/{registered_limit_id} DELETE,GET,PATCH
/v3/role_assignments GET
/v3/role_inferences GET
/v3/roles GET,POST
/v3/roles/{prior_role_id}/implies GET
/v3/roles/{prior_role_id}/implies/{implied_role_id} DELETE,GET,PUT
/v3/roles/{role_id} DELETE,GET,PATCH
/v3/s3tokens GET,POST
/v3/services GET,POST
/v3/services/{service_id} DELETE,GET,PATCH
/v3/system/groups/{group_id}/roles GET
/v3/system/groups/{group_id}/roles/{role_id} DELETE,GET,PUT
/v3/system/users/{user_id}/roles GET
/v3/system/users/{user_id}/roles/{role_id} DELETE,GET,PUT
/v3/users GET,POST
/v3/users/{user_id} DELETE,GET,PATCH
/v3/users/{user_id}/OS-OAUTH1/access_tokens GET
/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id} DELETE,GET
/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles GET
/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id} GET
/v3/users/{user_id}/access_rules GET
/v3/users/{user_id}/access_rules/{access_rule_id} DELETE,GET
/v3/users/{user_id}/application_credentials GET,POST
/v3/users/{user_id}/application_credentials/{application_credential_id} DELETE,GET
/v3/users/{user_id}/credentials/OS-EC2 GET,POST
/v3/users/{user_id}/credentials/OS-EC2/{credential_id} DELETE,GET
/v3/users/{user_id}/groups GET
/v3/users/{user_id}/password GET,POST
/v3/users/{user_id}/projects GET
`
  .trim()
  .split('\n')
  .map((line) => {
    const [path = '', methods = ''] = line.split(' ')
    return { path, methods: methods.split(',') }
  })

const matches = (route: string, path: string): boolean => {
  const want = route.split('/')
  const have = path.split('/')
  return want.length === have.length && want.every((part, i) => part.startsWith('{') || part === have[i])
}

const literals = (route: string): number => route.split('/').filter((part) => !part.startsWith('{')).length

/** The route a path falls on, or undefined; a literal segment wins over a parameter. */
export const routeOf = (path: string): string | undefined =>
  routes
    .filter((route) => matches(route.path, path.split('?')[0] ?? ''))
    .sort((a, b) => literals(b.path) - literals(a.path))[0]?.path
