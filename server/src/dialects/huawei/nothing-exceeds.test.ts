import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Session } from '../../core/session.ts'
import { openKeySession } from '../../flows/key-session.ts'
import { loadSession } from '../../flows/load-session.ts'
import { revokeToken } from '../../flows/revoke-token.ts'
import { validateToken } from '../../flows/validate-token.ts'
import { type Answer, type House, openHouse } from '../../testing/house.ts'
import { type HuaweiFace, type Key, openHuawei, seedTwoAccounts } from '../../testing/huawei.ts'
import {
  accessToken,
  exchangeEc2,
  type Family,
  openFamily,
  type Parent,
  requestToken,
  signInByOauth1,
} from '../../testing/parents.ts'
import { PASSWORD } from '../../testing/seed.ts'

/** What a mint gave, redeemed: the session it is good for, and until when it lives by itself. */
interface Child {
  readonly session: Session
  readonly lasts: boolean
}

interface Mint {
  readonly name: string
  /** Tries it as the parent; undefined when it was refused. */
  readonly make: (family: Family, parent: Parent) => Promise<Child | undefined>
}

const SECURITY_TOKENS = '/v3.0/OS-CREDENTIAL/securitytokens'

/** undefined for a refusal; anything but a refusal of the caller's is a fault. */
function made(answer: Answer, what: string): Answer | undefined {
  if (answer.status < 300) return answer
  assert.ok([400, 401, 403, 404].includes(answer.status), `${what}: ${answer.status} ${answer.text}`)
  return undefined
}

async function ofToken({ house }: Family, answer: Answer | undefined): Promise<Child | undefined> {
  const text = answer?.headers['x-subject-token']
  if (text === undefined) return undefined
  return { session: await validateToken(house.ctx, text), lasts: false }
}

async function ofKey({ house, two }: Family, key: Key, lasts: boolean): Promise<Child> {
  const open = (projectId?: string) => openKeySession(house.ctx, { ...key, hint: { projectId } })
  // Whose rights came from an identity provider alone has none by a key.
  const session = await open(lasts ? two.projectB : undefined).catch(() => open())
  return { session, lasts }
}

/** Deleted again: a user has two at the most. */
async function ofNewKey(family: Family, key: Key): Promise<Child> {
  const child = await ofKey(family, key, true)
  await family.house.ctx.store.write((tx) =>
    tx.deleteFrom('access_key').where('id', '=', key.access).execute(),
  )
  return child
}

const scopesOf = ({ two }: Family): Readonly<Record<string, object>> => ({
  project: { project: { id: two.projectB } },
  'other project': { project: { id: two.projectA } },
  account: { domain: { id: two.b } },
  'other account': { domain: { id: two.a } },
  system: { system: { all: true } },
  nothing: { unscoped: {} },
})

const tokenMints: readonly Mint[] = [
  'project',
  'other project',
  'account',
  'other account',
  'system',
  'nothing',
].map((where) => ({
  name: `token on ${where}`,
  make: async (family, parent) => {
    if (parent.token === undefined) return undefined
    const identity = { methods: ['token'], token: { id: parent.token } }
    const body = { auth: { identity, scope: scopesOf(family)[where] } }
    // On the face whose answers say what is in them.
    const answer = await family.house.call('POST', '/v3/auth/tokens', { body })
    return ofToken(family, made(answer, `${where} by ${parent.name}`))
  },
}))

const agencyOf = ({ two }: Family) => ({ domain_id: two.a, agency_name: 'IAMAgency' })

const mints: readonly Mint[] = [
  ...tokenMints,
  {
    name: 'trust',
    make: async (family, parent) => {
      const { two, trustee } = family
      const trust = {
        trustor_user_id: parent.userId,
        trustee_user_id: trustee,
        impersonation: true,
        project_id: two.projectB,
        roles: [{ name: 'te_admin' }],
      }
      const answer = made(await parent.ask('POST', '/v3/OS-TRUST/trusts', { trust }), parent.name)
      if (!answer) return undefined
      const identity = {
        methods: ['password'],
        password: { user: { id: trustee, password: PASSWORD } },
      }
      const scope = { 'OS-TRUST:trust': { id: answer.body.trust.id } }
      const redeemed = await family.house.call('POST', '/v3/auth/tokens', {
        body: { auth: { identity, scope } },
      })
      const child = await ofToken(family, made(redeemed, parent.name))
      return child && { ...child, lasts: true }
    },
  },
  {
    name: 'application credential',
    make: async (family, parent) => {
      const sent = { name: `made by ${parent.name}`, unrestricted: true }
      const path = `/v3/users/${parent.userId}/application_credentials`
      const answer = made(await parent.ask('POST', path, { application_credential: sent }), parent.name)
      if (!answer) return undefined
      const { id, secret } = answer.body.application_credential
      const identity = { methods: ['application_credential'], application_credential: { id, secret } }
      const redeemed = await family.house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
      const child = await ofToken(family, made(redeemed, parent.name))
      return child && { ...child, lasts: true }
    },
  },
  {
    name: 'EC2 key',
    make: async (family, parent) => {
      const path = `/v3/users/${parent.userId}/credentials/OS-EC2`
      const answer = made(await parent.ask('POST', path, { tenant_id: family.two.projectB }), parent.name)
      if (!answer) return undefined
      const redeemed = await exchangeEc2(family, answer.body.credential)
      const child = await ofToken(family, made(redeemed, parent.name))
      return child && { ...child, lasts: true }
    },
  },
  {
    name: 'EC2 key as a credential',
    make: async (family, parent) => {
      const blob = { access: `access-${parents.indexOf(parent)}`, secret: 'secret' }
      const credential = {
        type: 'ec2',
        blob: JSON.stringify(blob),
        user_id: parent.userId,
        project_id: family.two.projectB,
      }
      const answer = made(await parent.ask('POST', '/v3/credentials', { credential }), parent.name)
      if (!answer) return undefined
      const child = await ofToken(family, made(await exchangeEc2(family, blob), parent.name))
      return child && { ...child, lasts: true }
    },
  },
  {
    name: 'OAuth1 access token',
    make: async (family, parent) => {
      const asked = await requestToken(family)
      const path = `/v3/OS-OAUTH1/authorize/${asked['oauth_token']}`
      const answer = made(await parent.ask('PUT', path, { roles: [{ name: 'te_admin' }] }), parent.name)
      if (!answer) return undefined
      const access = await accessToken(family, asked, answer.body.token.oauth_verifier)
      const child = await ofToken(family, made(await signInByOauth1(family, access), parent.name))
      return child && { ...child, lasts: true }
    },
  },
  {
    name: 'access key',
    make: async (family, parent) => {
      const body = { credential: { user_id: parent.userId } }
      const path = '/v3.0/OS-CREDENTIAL/credentials'
      const answer = made(await parent.ask('POST', path, body), parent.name)
      if (!answer) return undefined
      return ofNewKey(family, answer.body.credential)
    },
  },
  {
    name: 'access key by v5',
    make: async (family, parent) => {
      const path = `/v5/users/${parent.userId}/access-keys`
      const answer = made(await parent.ask('POST', path), parent.name)
      if (!answer) return undefined
      const { access_key_id: access, secret_access_key: secret } = answer.body.access_key
      return ofNewKey(family, { access, secret })
    },
  },
  {
    name: 'temporary key',
    make: async (family, parent) => {
      const identity = { methods: ['token'], token: { duration_seconds: 86_400 } }
      const answer = made(await parent.ask('POST', SECURITY_TOKENS, { auth: { identity } }), parent.name)
      if (!answer) return undefined
      const { access, secret, securitytoken: securityToken } = answer.body.credential
      return ofKey(family, { access, secret, securityToken }, false)
    },
  },
  {
    name: 'login token',
    make: async (family, parent) => {
      const { key } = parent
      if (key?.securityToken === undefined) return undefined
      const { access, secret, securityToken: id } = key
      const body = { auth: { securitytoken: { access, secret, id, duration_seconds: 43_200 } } }
      const path = '/v3.0/OS-AUTH/securitytoken/logintokens'
      const answer = made(await family.face.call('POST', path, { body }), parent.name)
      if (!answer) return undefined
      const text = answer.headers['x-subject-logintoken'] ?? ''
      await assert.rejects(validateToken(family.house.ctx, text), 'a login token is nobody’s token')
      return { session: await validateToken(family.house.ctx, text, { signedBy: access }), lasts: false }
    },
  },
  {
    name: 'agency token',
    make: async (family, parent) => {
      const identity = { methods: ['assume_role'], assume_role: agencyOf(family) }
      const answer = await parent.ask('POST', '/v3/auth/tokens', { auth: { identity } })
      return ofToken(family, made(answer, parent.name))
    },
  },
  {
    name: 'temporary key of an agency',
    make: async (family, parent) => {
      const assume_role = { ...agencyOf(family), duration_seconds: 86_400 }
      const identity = { methods: ['assume_role'], assume_role }
      const answer = made(await parent.ask('POST', SECURITY_TOKENS, { auth: { identity } }), parent.name)
      if (!answer) return undefined
      const { access, secret, securitytoken: securityToken } = answer.body.credential
      return ofKey(family, { access, secret, securityToken }, false)
    },
  },
  {
    name: 'temporary key of an agency by v5',
    make: async (family, parent) => {
      const agency_urn = `iam::${family.two.a}:agency:IAMAgency`
      const body = { agency_urn, agency_session_name: 'session', duration_seconds: 43_200 }
      const answer = made(await parent.ask('POST', '/v5/agencies/assume', body), parent.name)
      if (!answer) return undefined
      const { access_key_id: access, secret_access_key: secret, security_token } = answer.body.credentials
      return ofKey(family, { access, secret, securityToken: security_token }, false)
    },
  },
]

let parents: readonly Parent[] = []

/**
 * Every way to be somebody, on every scope, tried on every operation that mints something: what comes of it ends with
 * what it came of, has no role that was not there (an agency has its own, and none of its user's), and what lasts is
 * made by people alone.
 */
describe('nothing exceeds its parent', () => {
  let house: House
  let face: HuaweiFace
  let family: Family
  const children: { parent: Parent; mint: Mint; child: Child }[] = []

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    family = await openFamily(house, face, await seedTwoAccounts(house))
    parents = family.parents
    for (const mint of mints) {
      for (const parent of parents) {
        // The same signed request within the same second would be the same signature.
        house.advance(1)
        const child = await mint.make(family, parent)
        if (child) children.push({ parent, mint, child })
      }
    }
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const isAgency = (child: Child): boolean => child.session.delegation.agency !== undefined
  const becameAgency = ({ parent, child }: { parent: Parent; child: Child }): boolean =>
    isAgency(child) && parent.userId !== family.agency

  it('people mint every kind, so that the rest of this says something', () => {
    for (const mint of mints) {
      const by = children.filter((made) => made.mint === mint).map(({ parent }) => parent.name)
      if (!mint.name.includes('other')) assert.ok(by.length > 0, mint.name)
      else assert.deepEqual(by, [], mint.name)
    }
    assert.ok(parents.length >= 30, `${parents.length} parents`)
  })

  it('sessions end with what they came of', () => {
    for (const { parent, mint, child } of children) {
      if (child.lasts) continue
      assert.ok(child.session.claims.expiresAt <= parent.expiresAt, `${mint.name} by ${parent.name}`)
    }
  })

  it('no role that the parent could not have had there', () => {
    for (const made of children) {
      const { parent, mint, child } = made
      if (becameAgency(made)) continue
      const { scope } = child.session.claims
      const place = 'id' in scope ? `${scope.kind}:${scope.id}` : scope.kind
      const reach = parent.reach[place] ?? []
      const more = child.session.roles.map(({ name }) => name).filter((name) => !reach.includes(name))
      assert.deepEqual(more, [], `${mint.name} by ${parent.name} on ${place}`)
    }
  })

  it('an agency is taken on in person only, has its own roles in its own account, and none of its user’s', () => {
    const taken = children.filter(becameAgency)
    assert.ok(taken.length > 0)
    for (const { parent, mint, child } of taken) {
      const what = `${mint.name} by ${parent.name}`
      assert.ok(parent.inPerson, what)
      assert.equal(child.session.user.id, family.agency, what)
      assert.equal(child.session.delegation.agency?.assumedBy.id, parent.userId, what)
      const { scope } = child.session
      if (scope.kind !== 'unscoped')
        assert.equal(scope.kind === 'domain' && scope.domain.id, family.two.a, what)
      for (const { name } of child.session.roles) assert.equal(name, 'readonly', what)
    }
  })

  it('a temporary key is had in person, or as an agency, and by nothing else that was delegated', () => {
    for (const { parent, mint } of children) {
      if (mint.name !== 'temporary key') continue
      assert.ok(parent.inPerson || parent.userId === family.agency, parent.name)
    }
  })

  it('910ebab06: a token of an EC2 signature mints nothing at all', () => {
    const mints = children.filter(({ parent }) => parent.name === 'EC2 key').map(({ mint }) => mint.name)
    assert.ok(parents.some(({ name }) => name === 'EC2 key'))
    assert.deepEqual(mints, [])
  })

  it('CVE-2016-4911: a revoked chain takes with it whatever descends from it, by however many steps', async () => {
    const { ctx } = house
    const login = await face.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { id: family.two.userB, password: PASSWORD } },
          },
        },
      },
    })
    const first = login.headers['x-subject-token'] ?? ''
    let last = first
    for (let step = 0; step < 3; step++) {
      const identity = { methods: ['token'], token: { id: last } }
      const scope = { domain: { id: family.two.b } }
      const answer = await face.call('POST', '/v3/auth/tokens', { body: { auth: { identity, scope } } })
      last = answer.headers['x-subject-token'] ?? ''
    }
    const own = await validateToken(ctx, first)
    const parent: Parent = {
      ...(parents[0] ?? assert.fail('no parents')),
      name: 'the last of them',
      token: last,
      ask: (method, path, body) => face.call(method, path, { token: last, ...(body ? { body } : {}) }),
    }
    const wanted = ['agency token', 'temporary key', 'temporary key of an agency']
    const descendants: Child[] = [{ session: await validateToken(ctx, last), lasts: false }]
    for (const mint of mints.filter(({ name }) => wanted.includes(name))) {
      const child = await mint.make(family, parent)
      descendants.push(child ?? assert.fail(mint.name))
    }
    for (const { session } of descendants) await loadSession(ctx, session.claims)
    await revokeToken(ctx, own, { session: own, action: 'test', requestId: '' }, { chain: true })
    for (const { session } of descendants) {
      await assert.rejects(loadSession(ctx, session.claims), { reason: 'revoked' })
    }
  })

  it('nobody becomes somebody else', () => {
    for (const made of children) {
      if (becameAgency(made)) continue
      assert.equal(made.child.session.user.id, made.parent.userId, `${made.mint.name} by ${made.parent.name}`)
    }
  })

  it('what lasts is made by people and their own keys alone', () => {
    const lasting = children.filter(({ child }) => child.lasts)
    assert.ok(lasting.length > 0)
    const others = lasting.filter(({ parent }) => !(parent.inPerson && parent.lasting))
    // That is what Keystone's users call an application credential unrestricted for; its roles go no further.
    assert.deepEqual(
      others.map(({ parent, mint }) => `${mint.name} by ${parent.name}`),
      ['readonly', 'everything'].map(
        (what) => `application credential by unrestricted application credential of ${what}`,
      ),
    )
  })

  it('a child keeps what its parent stood on: whoever revokes that, ends both', () => {
    for (const { parent, mint, child } of children) {
      if (child.lasts || parent.token === undefined) continue
      const { via, auditIds } = child.session.claims
      assert.equal(auditIds.length, 2, `${mint.name} by ${parent.name}`)
      if (parent.name.startsWith('mapped')) assert.equal(via[0]?.kind, 'federation', mint.name)
    }
  })
})
