/**
 * People, projects and every way of lending rights, driven at random through the wire, with a model beside it that knows
 * what each session and each lent thing stands on. The model knows nothing of how the service decides.
 */

import { revokeToken } from '../flows/revoke-token.ts'
import { validateToken } from '../flows/validate-token.ts'
import {
  CLOSURE,
  isLasting,
  type LentNode,
  type Rights,
  type Roots,
  randomFrom,
  roleId,
  type SessionNode,
  seedAgency,
} from './delegation-nodes.ts'
import type { Answer, House } from './house.ts'
import { signedRequest } from './keystone-world.ts'
import { oauthHeader } from './oauth1-client.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from './seed.ts'

const BASE = 'http://tokenhouse.test:5000'
export interface DelegationWorld {
  readonly sessions: readonly SessionNode[]
  readonly lent: readonly LentNode[]
  /** Does one thing at random; throws what a child has beyond its parent. */
  grow(): Promise<void>
  /** Takes one root away at random; gives its name. */
  cut(): Promise<string>
  /** Whether everything that it stands on is there. */
  stands(node: Rights): boolean
  /** The sessions that a look at each shows to be valid. */
  valid(): Promise<ReadonlySet<string>>
}

export async function openDelegationWorld(house: House, seed: number): Promise<DelegationWorld> {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const admin = await house.admin()
  const asAdmin = (method: string, path: string, body?: object) =>
    house.call(method, path, { token: admin, ...(body ? { body } : {}) })

  const projects: string[] = []
  for (let i = 0; i < 3; i++) projects.push(await seedProject(house, `p${i} of ${seed}`))
  const users: string[] = []
  const grants = new Map<string, string>()
  for (let i = 0; i < 5; i++) {
    const user = await seedUser(house, `u${i} of ${seed}`)
    users.push(user)
    for (const project of projects) {
      const role = i === 0 ? 'admin' : random() < 0.7 ? pick(['reader', 'member', 'manager']) : undefined
      if (!role) continue
      await seedGrant(house, user, role, { project })
      grants.set(`${user} ${project}`, role)
    }
  }
  // Nobody whose roles alone would let them act for others.
  const agents = users.slice(1, 3)
  for (const user of agents) await seedGrant(house, user, 'te_agency', { domain: 'default' })
  const agency = await seedAgency(house, `agency of ${seed}`, projects)
  const service = await seedUser(house, `service of ${seed}`)
  await seedGrant(house, service, 'service', { domain: 'default' })
  const serviceToken = await house.login(service, PASSWORD, { domain: { id: 'default' } })
  const consumer = (await asAdmin('POST', '/v3/OS-OAUTH1/consumers', { consumer: {} })).body.consumer

  const gone = new Set<string>()
  const sessions: SessionNode[] = []
  const lent: LentNode[] = []
  const voided = new Set<string>()
  const revocable: Record<string, () => Promise<unknown>> = {}
  const stands = (node: Rights) =>
    [...node.roots].every((root) => !gone.has(root)) && node.expiresAt > house.ctx.now() / 1000

  const auth = (identity: object, scope?: object, headers: Record<string, string> = {}) =>
    house.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity, ...(scope ? { scope } : {}) } },
      headers,
    })
  const byPassword = (user: string) => ({
    methods: ['password'],
    password: { user: { id: user, password: PASSWORD } },
  })

  /** Notes a session that was given, held against what it comes from. */
  const note = (answer: Answer, from: Omit<Rights, 'expiresAt'> & { expiresAt?: number }, how: string) => {
    const { token } = answer.body
    const expiresAt = Date.parse(token.expires_at)
    const name = `${how} #${sessions.length}`
    const beyond = token.roles.filter((role: { name: string }) => !from.roles.includes(role.name))
    if (beyond.length > 0) throw new Error(`${name} has ${JSON.stringify(beyond)} beyond its parent`)
    if (token.project?.id !== from.project) throw new Error(`${name} is on another project`)
    if (from.expiresAt !== undefined && expiresAt > from.expiresAt)
      throw new Error(`${name} outlives its parent`)
    const own = `token:${name}`
    const chain = [...from.roots].find((root) => root.startsWith('chain:')) ?? `chain:${name}`
    const text = String(answer.headers['x-subject-token'])
    sessions.push({
      kind: 'session',
      name,
      token: text,
      user: token.user.id,
      project: from.project,
      roles: token.roles.map((role: { name: string }) => role.name),
      expiresAt,
      roots: new Set([...from.roots, own, chain]),
      delegated: how !== 'login' && how !== 'rescope',
    })
    revocable[chain] ??= async () => {
      const by = { session: null, action: 'test', requestId: '' }
      await revokeToken(house.ctx, await validateToken(house.ctx, text), by, { chain: true })
    }
    revocable[own] = () =>
      house.call('DELETE', '/v3/auth/tokens', { token: admin, headers: { 'x-subject-token': text } })
  }

  const direct = (user: string, project: string) => {
    const role = grants.get(`${user} ${project}`)
    const roots = new Set([`user:${user}`, `project:${project}`, `grant:${user} ${project}`])
    return role === undefined ? undefined : { project, roles: CLOSURE[role] ?? [], roots }
  }

  const expect = (answer: Answer, should: boolean, what: string) => {
    if (answer.status >= 500) throw new Error(`${what}: ${answer.status}`)
    if (answer.status < 300 !== should) {
      throw new Error(`${what} should ${should ? '' : 'not '}be: ${answer.status} ${answer.text}`)
    }
  }

  const login = async () => {
    const user = pick(users) ?? ''
    const project = pick(projects) ?? ''
    const rights = direct(user, project)
    const answer = await auth(byPassword(user), { project: { id: project } })
    const should = rights !== undefined && stands({ ...rights, expiresAt: Infinity })
    expect(answer, should, 'login')
    if (should) note(answer, rights, 'login')
  }

  const rescope = async () => {
    const from = pick(sessions)
    if (!from || !isValid(from)) return
    const project = (random() < 0.5 ? from.project : pick(projects)) ?? ''
    const rights = direct(from.user, project)
    const answer = await auth({ methods: ['token'], token: { id: from.token } }, { project: { id: project } })
    const should = !from.delegated && rights !== undefined && stands({ ...rights, expiresAt: from.expiresAt })
    expect(answer, should, `rescope of ${from.name}`)
    const roots = new Set([
      ...(rights?.roots ?? []),
      ...[...from.roots].filter((root) => root.startsWith('chain:')),
    ])
    if (should) note(answer, { ...rights, roots, expiresAt: from.expiresAt }, 'rescope')
  }

  const isValid = (node: SessionNode) => stands(node) && !voided.has(node.name)

  /** A trust by whoever may: in person, or passed on by who was trusted with passing it on. */
  const trust = async () => {
    const passedOn = random() < 0.7
    const from = pick(sessions)
    if (!from || !isValid(from)) return
    const above = lent.findLast((each) => each.trust && from.roots.has(each.name))
    const trustee = pick(users) ?? ''
    const roles = [pick(from.roles) ?? '', ...from.roles.filter(() => random() < 0.2)]
    const expiresAt = Math.floor(house.ctx.now() / 1000) + 600_000 + Math.floor(random() * 6000) * 1000
    const answer = await house.call('POST', '/v3/OS-TRUST/trusts', {
      token: from.token,
      body: {
        trust: {
          trustor_user_id: from.user,
          trustee_user_id: trustee,
          project_id: from.project,
          impersonation: true,
          roles: [...new Set(roles)].map((name) => ({ name })),
          expires_at: new Date(expiresAt).toISOString(),
          allow_redelegation: passedOn,
        },
      },
    })
    const isLonger = above !== undefined && Math.floor(expiresAt / 1000) > Math.floor(above.expiresAt / 1000)
    const may = !from.delegated || (above?.trust?.mayPassOn === true && !isLonger)
    if (!may) return expect(answer, false, `trust by ${from.name}`)
    if (answer.status >= 300) return
    const made = answer.body.trust
    const beyond = made.roles.filter((role: { name: string }) => !from.roles.includes(role.name))
    if (beyond.length > 0) throw new Error(`a trust by ${from.name} lends ${JSON.stringify(beyond)}`)
    const rights = { ...from, roots: new Set([...from.roots].filter(isLasting)) }
    lend(rights, {
      kind: 'trust',
      id: made.id,
      path: `/v3/OS-TRUST/trusts/${made.id}`,
      expiresAt: Date.parse(made.expires_at),
      roles: made.roles.flatMap((role: { name: string }) => CLOSURE[role.name] ?? []),
      more: new Set([`user:${trustee}`]),
      use: () => auth(byPassword(trustee), { 'OS-TRUST:trust': { id: made.id } }),
      parties: [trustee],
      trust: { trustee, mayPassOn: passedOn && made.redelegation_count > 0 },
    })
  }

  const lend = (
    from: Rights & { readonly user: string },
    made: Pick<LentNode, 'kind' | 'path' | 'use' | 'trust'> & {
      readonly id: string
      readonly expiresAt?: number
      readonly roles?: readonly string[]
      readonly more?: Roots
      readonly parties?: readonly string[]
    },
  ) => {
    const name = `${made.kind}:${made.id}`
    lent.push({
      kind: made.kind,
      name,
      path: made.path,
      use: made.use,
      user: from.user,
      project: from.project,
      roles: made.roles ?? from.roles,
      expiresAt: made.expiresAt ?? Infinity,
      roots: new Set([...from.roots, ...(made.more ?? []), name]),
      parties: made.parties ?? [],
      ...(made.trust ? { trust: made.trust } : {}),
    })
    revocable[name] = () => asAdmin('DELETE', made.path)
  }

  const inPerson = (node: SessionNode | undefined): node is SessionNode => node !== undefined && isValid(node)
  const ownRoots = (node: SessionNode) => ({
    ...node,
    roots: new Set([...node.roots].filter(isLasting)),
  })

  const applicationCredential = async () => {
    const from = pick(sessions)
    if (!inPerson(from)) return
    const path = `/v3/users/${from.user}/application_credentials`
    const role = pick(from.roles) ?? ''
    const body = { application_credential: { name: `robot ${lent.length}`, roles: [{ name: role }] } }
    const answer = await house.call('POST', path, { token: from.token, body })
    expect(answer, !from.delegated, `application credential by ${from.name}`)
    if (answer.status >= 300) return
    const { id, secret } = answer.body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    lend(ownRoots(from), {
      kind: 'application_credential',
      id,
      roles: CLOSURE[role] ?? [],
      path: `${path}/${id}`,
      use: () => auth(identity),
    })
  }

  const ec2 = async () => {
    const from = pick(sessions)
    if (!inPerson(from)) return
    const path = `/v3/users/${from.user}/credentials/OS-EC2`
    const answer = await house.call('POST', path, { token: from.token, body: { tenant_id: from.project } })
    // The rule wants more than a reader.
    expect(answer, !from.delegated && from.roles.includes('member'), `EC2 key by ${from.name}`)
    if (answer.status >= 300) return
    const key = answer.body.credential
    const use = () =>
      house.call('POST', '/v3/ec2tokens', {
        token: serviceToken,
        body: signedRequest(key, house.ctx.now() / 1e6),
      })
    // An EC2 key has all that its user has on the project.
    const rights = direct(from.user, from.project)
    if (rights)
      lend(
        { ...ownRoots(from), ...rights },
        { kind: 'ec2', id: key.access, path: `${path}/${key.access}`, use },
      )
  }

  const oauth1 = async () => {
    const from = pick(sessions.filter((node) => node.roles.includes('admin')))
    if (!inPerson(from)) return
    const send = (path: string, fields: Record<string, string>, secret: string, more: object = {}) => {
      const { headers, ...rest } = more as { headers?: Record<string, string> }
      const authorization = oauthHeader({
        url: `${BASE}${path}`,
        fields: { oauth_consumer_key: consumer.id, ...fields },
        secrets: [consumer.secret, secret],
        now: house.ctx.now() / 1e6,
      })
      return house.call('POST', path, { ...rest, headers: { authorization, ...headers } })
    }
    const form = (answer: Answer) => Object.fromEntries(new URLSearchParams(answer.text))
    const asked = form(
      await send('/v3/OS-OAUTH1/request_token', { oauth_callback: 'oob' }, '', {
        headers: { 'requested-project-id': from.project },
      }),
    )
    const role = pick(from.roles) ?? ''
    const allowed = await house.call('PUT', `/v3/OS-OAUTH1/authorize/${asked['oauth_token']}`, {
      token: from.token,
      body: { roles: [{ name: role }] },
    })
    expect(allowed, !from.delegated, `OAuth by ${from.name}`)
    if (allowed.status >= 300) return
    const fields = {
      oauth_token: asked['oauth_token'] ?? '',
      oauth_verifier: allowed.body.token.oauth_verifier,
    }
    const access = form(await send('/v3/OS-OAUTH1/access_token', fields, asked['oauth_token_secret'] ?? ''))
    const id = access['oauth_token'] ?? ''
    const body = { auth: { identity: { methods: ['oauth1'], oauth1: {} } } }
    lend(ownRoots(from), {
      kind: 'oauth1',
      id,
      path: `/v3/users/${from.user}/OS-OAUTH1/access_tokens/${id}`,
      roles: CLOSURE[role] ?? [],
      use: () => send('/v3/auth/tokens', { oauth_token: id }, access['oauth_token_secret'] ?? '', { body }),
    })
  }

  const useOne = async () => {
    const node = pick(lent)
    if (!node) return
    const answer = await node.use()
    expect(answer, stands(node), `use of ${node.name}`)
    if (answer.status < 300) note(answer, node, node.kind)
  }

  const assume = async () => {
    const user = pick(agents) ?? ''
    const project = pick(projects) ?? ''
    const whole = await auth(byPassword(user), { domain: { id: 'default' } })
    const roots = new Set([`user:${user}`, `agent:${user}`, `project:${project}`, 'agency'])
    const own = whole.status < 300
    expect(
      whole,
      [`user:${user}`, `agent:${user}`].every((root) => !gone.has(root)),
      'login of an agent',
    )
    if (!own) return
    const answer = await auth(
      { methods: ['assume_role'], assume_role: { domain_id: 'default', agency_name: `agency of ${seed}` } },
      { project: { id: project } },
      { 'x-auth-token': String(whole.headers['x-subject-token']) },
    )
    const rights = { project, roles: CLOSURE['member'] ?? [], roots }
    const parentEnd = Date.parse(whole.body.token.expires_at)
    expect(answer, stands({ ...rights, expiresAt: parentEnd }), 'agency')
    if (answer.status < 300) note(answer, { ...rights, expiresAt: parentEnd }, 'agency')
  }

  const steps = [
    login,
    login,
    rescope,
    trust,
    trust,
    applicationCredential,
    ec2,
    oauth1,
    useOne,
    useOne,
    useOne,
    assume,
  ]

  /** Everything that can be taken away, with how. */
  const cuts = (): Record<string, () => Promise<unknown>> => ({
    ...Object.fromEntries(
      users.map((user) => [
        `user:${user}`,
        () => asAdmin('PATCH', `/v3/users/${user}`, { user: { enabled: false } }),
      ]),
    ),
    ...Object.fromEntries(
      projects.map((id) => [
        `project:${id}`,
        () => asAdmin('PATCH', `/v3/projects/${id}`, { project: { enabled: false } }),
      ]),
    ),
    ...Object.fromEntries(
      [...grants].map(([key, role]) => {
        const [user, project] = key.split(' ')
        return [
          `grant:${key}`,
          async () =>
            asAdmin('DELETE', `/v3/projects/${project}/users/${user}/roles/${await roleId(house, role)}`),
        ]
      }),
    ),
    ...Object.fromEntries(
      agents.map((user) => [
        `agent:${user}`,
        async () =>
          asAdmin('DELETE', `/v3/domains/default/users/${user}/roles/${await roleId(house, 'te_agency')}`),
      ]),
    ),
    agency: () => house.ctx.store.write((tx) => tx.deleteFrom('agency').where('id', '=', agency).execute()),
    ...revocable,
  })

  /** A password changes: what it made is void, what was lent stays. */
  const changePassword = async (user: string): Promise<string> => {
    const answer = await asAdmin('PATCH', `/v3/users/${user}`, { user: { password: PASSWORD } })
    expect(answer, true, 'password change')
    for (const node of sessions) if (node.roots.has(`user:${user}`)) voided.add(node.name)
    return `password of ${user}`
  }

  return {
    sessions,
    lent,
    stands: (node) => stands(node) && !('name' in node && voided.has(String(node.name))),
    grow: () => (pick(steps) ?? login)(),
    cut: async () => {
      if (random() < 0.2) return changePassword(pick(users) ?? '')
      const all = cuts()
      // Mostly something that something stands on.
      const used = Object.keys(all).filter(
        (root) => !gone.has(root) && sessions.some((node) => isValid(node) && node.roots.has(root)),
      )
      const kinds = [...new Set(used.map((root) => root.split(':')[0]))]
      const kind = pick(kinds)
      const root = pick(used.filter((each) => each.split(':')[0] === kind))
      if (root === undefined) return 'nothing'
      const answer = await all[root]?.()
      if (answer && typeof answer === 'object' && 'status' in answer)
        expect(answer as Answer, true, `cut of ${root}`)
      gone.add(root)
      return root
    },
    valid: async () => {
      const found = new Set<string>()
      for (const { name, token } of sessions) {
        const answer = await house.call('HEAD', '/v3/auth/tokens', {
          token: admin,
          headers: { 'x-subject-token': token },
        })
        if (answer.status === 200) found.add(name)
      }
      return found
    },
  }
}
