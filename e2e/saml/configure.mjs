// @ts-nocheck: runs in a folder of its own, where its packages are installed.
// Makes providers known to a Tokenhouse: everything by API, nothing restarted.
//   node configure.mjs TOKENHOUSE_ROOT ADMIN_PASSWORD NAME=METADATA_URL...
const [root, password, ...providers] = process.argv.slice(2)
const domain = { id: 'default' }
const headers = { 'content-type': 'application/json' }

async function send(method, path, body) {
  const answer = await fetch(`${root}${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return { ...(text === '' ? {} : JSON.parse(text)), id: answer.headers.get('x-subject-token') }
}

const identity = { methods: ['password'], password: { user: { name: 'admin', domain, password } } }
const auth = { identity, scope: { project: { name: 'admin', domain } } }
headers['x-auth-token'] = (await send('POST', '/v3/auth/tokens', { auth })).id
const { group } = await send('POST', '/v3/groups', { group: { name: 'staff' } })
const { project } = await send('POST', '/v3/projects', { project: { name: 'alpha' } })
const { roles } = await send('GET', '/v3/roles?name=member')
await send('PUT', `/v3/projects/${project.id}/groups/${group.id}/roles/${roles[0].id}`)
const local = [{ user: { name: '{0}' } }, { groups: '{1}', domain }]
const rules = [{ local, remote: [{ type: 'uid' }, { type: 'groups' }] }]
await send('PUT', '/v3/OS-FEDERATION/mappings/people', { mapping: { rules } })
for (const provider of providers) {
  const at = provider.indexOf('=')
  const path = `/OS-FEDERATION/identity_providers/${provider.slice(0, at)}`
  const metadata = await (await fetch(provider.slice(at + 1))).text()
  const entityId = /entityID="([^"]+)"/.exec(metadata)[1]
  await send('PUT', `/v3${path}`, { identity_provider: { enabled: true, remote_ids: [entityId] } })
  await send('PUT', `/v3${path}/protocols/saml2`, { protocol: { mapping_id: 'people' } })
  const body = { xaccount_type: '', domain_id: 'default', metadata }
  await send('POST', `/v3-ext${path}/protocols/saml2/metadata`, body)
}
