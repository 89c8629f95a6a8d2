// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// Huawei Cloud's official SDK with a federated credential: an identity provider and the file of an ID token become temporary
// keys, which sign. The provider is made known by an account's Security Administrator. One line a case, `name=outcome`.
//   node huawei.mjs HUAWEI_ROOT TOKENHOUSE_ROOT ADMIN_PASSWORD ISSUER
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const core = require('@huaweicloud/huaweicloud-sdk-core')
const iam = require('@huaweicloud/huaweicloud-sdk-iam/v3/public-api')
const [huawei, root, password, issuer] = process.argv.slice(2)
const say = (name, outcome) => console.log(`${name}=${outcome}`)

async function send(base, token, [method, path, body]) {
  const headers = { 'content-type': 'application/json', ...(token ? { 'x-auth-token': token } : {}) }
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return { token: answer.headers.get('x-subject-token'), body: text === '' ? undefined : JSON.parse(text) }
}
const signIn = async (name, domain, secret, scope) => {
  const identity = { methods: ['password'], password: { user: { name, domain, password: secret } } }
  return (await send(root, undefined, ['POST', '/v3/auth/tokens', { auth: { identity, scope } }])).token
}

// The account, by the cloud's admin.
const home = { id: 'default' }
const cloud = await signIn('admin', home, password, { project: { name: 'admin', domain: home } })
const asCloud = async (...call) => (await send(root, cloud, call)).body
const { domain } = await asCloud('POST', '/v3/domains', { domain: { name: 'Acme' } })
const { project } = await asCloud('POST', '/v3/projects', {
  project: { name: 'cn-north-4', domain_id: domain.id },
})
const { group } = await asCloud('POST', '/v3/groups', { group: { name: 'devs', domain_id: domain.id } })
const { user } = await asCloud('POST', '/v3/users', {
  user: { name: 'security', domain_id: domain.id, password: 'a-Password-1' },
})
const { roles } = await asCloud('GET', '/v3/roles')
const role = (name) => roles.find((each) => each.name === name).id
await asCloud('PUT', `/v3/domains/${domain.id}/users/${user.id}/roles/${role('secu_admin')}`)
await asCloud('PUT', `/v3/domains/${domain.id}/groups/${group.id}/roles/${role('te_admin')}`)
await asCloud('PUT', `/v3/projects/${project.id}/groups/${group.id}/roles/${role('te_admin')}`)

// The provider, by the account's own administrator, in Huawei Cloud's mapping language.
const security = await signIn('security', { id: domain.id }, 'a-Password-1', { domain: { id: domain.id } })
const asSecurity = async (...call) => (await send(huawei, security, call)).body
const idp = '/v3/OS-FEDERATION/identity_providers/acme-ci'
const provider = await asSecurity('PUT', idp, { identity_provider: { enabled: true } })
say('provider', provider.identity_provider.sso_type)
await asSecurity('PUT', '/v3/OS-FEDERATION/mappings/acme-ci', {
  mapping: {
    rules: [{ local: [{ user: { name: '{0}' } }, { group: { name: 'devs' } }], remote: [{ type: 'sub' }] }],
  },
})
await asSecurity('PUT', `${idp}/protocols/oidc`, { protocol: { mapping_id: 'acme-ci' } })
const keys = await (await fetch(`${issuer}/jwks`)).text()
await asSecurity('POST', '/v3.0/OS-FEDERATION/identity-providers/acme-ci/openid-connect-config', {
  openid_connect_config: {
    access_mode: 'program',
    idp_url: issuer,
    client_id: 'cli',
    signing_key: keys,
    allow_private_addresses: true,
  },
})

async function idToken(client) {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${client}-secret`)}` },
    body: new URLSearchParams({ grant_type: 'password', username: 'bob', password: 'x', scope: 'openid' }),
  })
  return (await answer.json()).id_token
}

function clientWith(token, credentials, region) {
  writeFileSync('id-token', token)
  const builder = iam.IamClient.newBuilder().withCredential(
    credentials.withIdpId('acme-ci').withIdTokenFile('id-token').withIamEndpoint(huawei),
  )
  return (region ? builder.withRegion(new core.Region(region, huawei)) : builder.withEndpoint(huawei)).build()
}
const accountsOf = (client) => client.keystoneListAuthDomains(new iam.KeystoneListAuthDomainsRequest())
/** The SDK keeps the status of the exchange to itself. */
const statusOf = (error) =>
  error.httpStatusCode ?? (/requires authentication/.test(String(error)) ? 401 : error)

const global = new core.GlobalCredentials().withDomainId(domain.id)
const client = clientWith(await idToken('cli'), global)
const { domains } = await accountsOf(client)
say(
  'account',
  domains.map(({ name }) => name),
)
say('temporary', [global.getAk().length > 10, global.getSecurityToken().length > 100].join('|'))

// Its project, by the name of a region alone.
const basic = new core.BasicCredentials()
const regional = clientWith(await idToken('cli'), basic, 'cn-north-4')
const { projects } = await regional.keystoneListProjects(new iam.KeystoneListProjectsRequest())
say('project', [projects.map(({ name }) => name), basic.projectId === project.id].join('|'))

const stranger = clientWith(await idToken('foreign'), new core.GlobalCredentials().withDomainId(domain.id))
say('foreign', await accountsOf(stranger).then(() => 'in', statusOf))
await asSecurity('PATCH', idp, { identity_provider: { enabled: false } })
say('disabled', await accountsOf(client).then(() => 'in', statusOf))
