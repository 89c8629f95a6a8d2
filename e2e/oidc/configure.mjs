// @ts-nocheck: runs in a folder of its own, where its package is installed.
// Makes the provider known to a Tokenhouse: everything by API, nothing restarted.
//   node configure.mjs TOKENHOUSE_ROOT ADMIN_PASSWORD ISSUER
const [root, password, issuer] = process.argv.slice(2)
let token
const domain = { id: 'default' }
const identity = { methods: ['password'], password: { user: { name: 'admin', domain, password } } }
const signedIn = await send('POST', '/v3/auth/tokens', {
  auth: { identity, scope: { project: { name: 'admin', domain } } },
})
token = signedIn.headers.get('x-subject-token')

async function send(method, path, body) {
  const headers = { 'content-type': 'application/json', ...(token ? { 'x-auth-token': token } : {}) }
  const answer = await fetch(`${root}${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return { headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) }
}

const { group } = (await send('POST', '/v3/groups', { group: { name: 'staff' } })).body
const { project } = (await send('POST', '/v3/projects', { project: { name: 'alpha' } })).body
const [role] = (await send('GET', '/v3/roles?name=member')).body.roles
await send('PUT', `/v3/projects/${project.id}/groups/${group.id}/roles/${role.id}`)
await send('PUT', '/v3/OS-FEDERATION/identity_providers/acme', {
  identity_provider: { enabled: true, remote_ids: [issuer] },
})
await send('PUT', '/v3/OS-FEDERATION/mappings/acme', {
  mapping: {
    rules: [
      // Who carries groups is a person, who carries none a program.
      {
        local: [{ user: { name: '{0}' } }, { groups: '{1}', domain }],
        remote: [{ type: 'OIDC-sub' }, { type: 'OIDC-groups' }],
      },
      {
        local: [{ user: { name: 'program {0}' }, group: { id: group.id } }],
        remote: [{ type: 'client_id', any_one_of: ['cli'] }, { type: 'client_id' }],
      },
    ],
  },
})
for (const protocol of ['openid', 'oidc']) {
  await send('PUT', `/v3/OS-FEDERATION/identity_providers/acme/protocols/${protocol}`, {
    protocol: { mapping_id: 'acme' },
  })
}
await send('POST', '/v3.0/OS-FEDERATION/identity-providers/acme/openid-connect-config', {
  openid_connect_config: {
    access_mode: 'program_console',
    idp_url: issuer,
    client_id: 'tokenhouse',
    client_secret: 'tokenhouse-secret',
    audiences: ['cli'],
    scope: 'openid profile',
    introspection: true,
    allow_private_addresses: true,
  },
})
