/**
 * `run.ts make | rewrite DATABASE | refused | compare`: the steps of run.sh that speak to both servers. Their addresses and
 * passwords come in TH_URL, TH_PASSWORD, KS_URL, KS_PASSWORD; what was made is kept in $WORK/world.json between steps.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const env = (name: string): string => process.env[name] ?? ''
const worldFile = `${env('WORK')}/world.json`
type Server = { name: string; url: string; password: string }
const tokenhouse: Server = { name: 'Tokenhouse', url: env('TH_URL'), password: env('TH_PASSWORD') }
const keystone: Server = { name: 'Keystone', url: env('KS_URL'), password: env('KS_PASSWORD') }

type Json = Record<string, unknown>
/** Ids by name, the same names on both servers. */
type World = Record<string, string>

const call = async (
  server: Server,
  method: string,
  path: string,
  { token = '', subject = '', body }: { token?: string; subject?: string; body?: unknown } = {},
) => {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'openstack-identity-access-rules': '1',
  }
  if (token) headers['x-auth-token'] = token
  if (subject) headers['x-subject-token'] = subject
  if (body) headers['content-type'] = 'application/json'
  const reply = await fetch(server.url + path, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await reply.text()
  return {
    status: reply.status,
    issued: reply.headers.get('x-subject-token') ?? '',
    json: (text ? JSON.parse(text) : {}) as Json,
  }
}

const login = async (server: Server, identity: Json, scope?: unknown): Promise<string> => {
  const auth = scope === undefined ? { identity } : { identity, scope }
  const { status, issued, json } = await call(server, 'POST', '/auth/tokens', { body: { auth } })
  if (status !== 201)
    throw new Error(`${server.name}: login ${JSON.stringify(scope)}: ${status} ${JSON.stringify(json)}`)
  return issued
}
const password = (id: string, secret: string): Json => ({
  methods: ['password'],
  password: { user: { id, password: secret } },
})
const admin = (server: Server): Promise<string> =>
  login(
    server,
    {
      methods: ['password'],
      password: { user: { name: 'admin', domain: { id: 'default' }, password: server.password } },
    },
    { project: { name: 'admin', domain: { id: 'default' } } },
  )

/** Makes the same domain, people, project, grants, trust and application credential, and tells their ids. */
const make = async (server: Server): Promise<World> => {
  const token = await admin(server)
  const create = async (path: string, kind: string, value: Json, as = token): Promise<string> => {
    const { status, json } = await call(server, 'POST', path, { token: as, body: { [kind]: value } })
    if (status !== 201) throw new Error(`${server.name}: POST ${path}: ${status} ${JSON.stringify(json)}`)
    return String((json[kind] as Json)['id'])
  }
  const grant = async (path: string): Promise<void> => {
    const { status, json } = await call(server, 'PUT', path, { token })
    if (status !== 204) throw new Error(`${server.name}: PUT ${path}: ${status} ${JSON.stringify(json)}`)
  }
  const { json: own } = await call(server, 'GET', '/auth/tokens', { token, subject: token })
  const me = own['token'] as { user: { id: string }; project: { id: string } }
  const { json: listed } = await call(server, 'GET', '/roles', { token })
  const roles = Object.fromEntries(
    (listed['roles'] as { name: string; id: string }[]).map((role) => [`role ${role.name}`, role.id]),
  )
  const [member = '', reader = ''] = [roles['role member'], roles['role reader']]
  const domain = await create('/domains', 'domain', { name: 'shared' })
  const project = await create('/projects', 'project', { name: 'shared', domain_id: domain })
  const alice = await create('/users', 'user', {
    name: 'alice',
    domain_id: domain,
    password: 'alice-password',
  })
  const bob = await create('/users', 'user', { name: 'bob', domain_id: domain, password: 'bob-password' })
  await grant(`/projects/${project}/users/${alice}/roles/${member}`)
  await grant(`/domains/${domain}/users/${alice}/roles/${reader}`)
  await grant(`/system/users/${alice}/roles/${reader}`)
  const as = await login(server, password(alice, 'alice-password'), { project: { id: project } })
  const credential = { name: 'robot', secret: 'robot-secret', roles: [{ id: reader }] }
  const robot = await create(
    `/users/${alice}/application_credentials`,
    'application_credential',
    credential,
    as,
  )
  const trust = await create(
    '/OS-TRUST/trusts',
    'trust',
    {
      trustor_user_id: alice,
      trustee_user_id: bob,
      project_id: project,
      impersonation: true,
      roles: [{ id: member }],
    },
    as,
  )
  return {
    admin: me.user.id,
    'project admin': me.project.id,
    ...roles,
    domain,
    project,
    alice,
    bob,
    robot,
    trust,
  }
}

/** Puts one server's ids in the place of the other's, in every column of every table. */
const rewrite = (file: string): void => {
  const { ours, theirs } = JSON.parse(readFileSync(worldFile, 'utf8')) as { ours: World; theirs: World }
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as {
    name: string
  }[]
  for (const { name } of tables) {
    const columns = database.prepare(`pragma table_info("${name}")`).all() as { name: string }[]
    for (const column of columns)
      for (const [key, id] of Object.entries(theirs)) {
        const wanted = ours[key]
        if (wanted !== undefined && wanted !== id)
          database
            .prepare(`update "${name}" set "${column.name}" = ? where "${column.name}" = ?`)
            .run(wanted, id)
      }
  }
  database.close()
}

let passed = 0
let failed = 0
const check = (name: string, good: boolean, detail = ''): void => {
  if (good) passed += 1
  else failed += 1
  console.log(good ? `ok: ${name}` : `FAILED: ${name} ${detail}`)
}

/** What both servers have to say alike of a token: all of it but the catalog, roles in any order. */
const essence = (json: Json): string => {
  const { catalog: _, roles, ...token } = json['token'] as Json & { roles?: { name: string; id: string }[] }
  const named = roles?.map(({ id, name }) => `${name} ${id}`).sort()
  return JSON.stringify(
    Object.fromEntries(Object.entries({ ...token, roles: named }).sort(([a], [b]) => (a < b ? -1 : 1))),
  )
}

const kinds = (world: World): [string, Json, unknown][] => {
  const alice = password(world['alice'] ?? '', 'alice-password')
  const robot = {
    methods: ['application_credential'],
    application_credential: { id: world['robot'], secret: 'robot-secret' },
  }
  return [
    ['unscoped', alice, { unscoped: {} }],
    ['project', alice, { project: { id: world['project'] } }],
    ['domain', alice, { domain: { id: world['domain'] } }],
    ['system', alice, { system: { all: true } }],
    ['trust', password(world['bob'] ?? '', 'bob-password'), { 'OS-TRUST:trust': { id: world['trust'] } }],
    ['application credential', robot, undefined],
  ]
}

const pairs: readonly [Server, Server][] = [
  [keystone, tokenhouse],
  [tokenhouse, keystone],
]

const compare = async (world: World): Promise<void> => {
  for (const [from, to] of pairs) {
    const [fromAdmin, toAdmin] = [await admin(from), await admin(to)]
    for (const [kind, identity, scope] of kinds(world)) {
      const subject = await login(from, identity, scope)
      const here = await call(from, 'GET', '/auth/tokens', { token: fromAdmin, subject })
      const there = await call(to, 'GET', '/auth/tokens', { token: toAdmin, subject })
      const name = `${kind} token of ${from.name} on ${to.name}`
      check(
        name,
        there.status === 200 && essence(here.json) === essence(there.json),
        `${there.status}\n  ${JSON.stringify(here.json)}\n  ${JSON.stringify(there.json)}`,
      )
      const own = await call(to, 'GET', '/auth/projects', { token: subject })
      check(`${name}, used there`, own.status === 200, String(own.status))
      const altered = subject.slice(0, -5) + (subject.at(-5) === 'A' ? 'B' : 'A') + subject.slice(-4)
      const bad = await call(to, 'GET', '/auth/tokens', { token: toAdmin, subject: altered })
      check(`${name}, altered`, bad.status === 404, String(bad.status))
    }
    const alice = await login(from, password(world['alice'] ?? '', 'alice-password'), { unscoped: {} })
    const scoped = await login(
      to,
      { methods: ['token'], token: { id: alice } },
      { project: { id: world['project'] } },
    )
    const [first, second] = [
      await call(from, 'GET', '/auth/tokens', { token: fromAdmin, subject: alice }),
      await call(from, 'GET', '/auth/tokens', { token: fromAdmin, subject: scoped }),
    ]
    const [a, b] = [first.json['token'] as Json, second.json['token'] as Json]
    const chained = (b?.['audit_ids'] as string[])?.[1] === (a['audit_ids'] as string[])[0]
    check(
      `token of ${from.name} rescoped on ${to.name}: same chain, same end`,
      chained && a['expires_at'] === b['expires_at'],
      JSON.stringify([a, b]),
    )
  }
}

const refused = async (world: World): Promise<void> => {
  for (const [from, to] of pairs) {
    const subject = await login(from, password(world['alice'] ?? '', 'alice-password'), { unscoped: {} })
    const { status } = await call(to, 'GET', '/auth/tokens', { token: await admin(to), subject })
    check(`token of ${from.name} on ${to.name}, other keys`, status === 404, String(status))
  }
}

const [command = '', file = ''] = process.argv.slice(2)
const world = (): World => (JSON.parse(readFileSync(worldFile, 'utf8')) as { ours: World }).ours
if (command === 'make')
  writeFileSync(worldFile, JSON.stringify({ ours: await make(tokenhouse), theirs: await make(keystone) }))
else if (command === 'rewrite') rewrite(file)
else if (command === 'refused') await refused(world())
else await compare(world())
if (passed + failed > 0)
  appendFileSync(`${env('WORK')}/counts-${command}-${process.pid}`, `${passed} ${failed}\n`)
process.exitCode = failed === 0 ? 0 : 1
