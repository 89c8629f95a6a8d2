import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createAccessKey } from '../../flows/access-keys.ts'
import { insertAgency } from '../../store/agencies.ts'
import { insertGrant } from '../../store/assignments.ts'
import { ensureRole } from '../../store/bootstrap.ts'
import { type Answer, type House, openHouse } from '../../testing/house.ts'
import {
  type HuaweiFace,
  type Key,
  openHuawei,
  seedTwoAccounts,
  type TwoAccounts,
} from '../../testing/huawei.ts'
import { PASSWORD } from '../../testing/seed.ts'

/**
 * Every way to be somebody, on every scope, tried on every operation that mints something: what comes of it ends with
 * what it came of, has no role that was not there (an agency has its own, and none of its user's), and what lasts is
 * made by people alone.
 */
describe('nothing exceeds its parent', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let key: Key

  interface Parent {
    readonly name: string
    readonly ask: (method: string, path: string, body: object) => Promise<Answer>
    /** Milliseconds. */
    readonly expires: number
    readonly inPerson: boolean
    readonly lasting: boolean
  }

  const parents: Parent[] = []
  const byToken = (name: string, answer: Answer, more: { inPerson: boolean }): void => {
    assert.equal(answer.status, 201, `${name}: ${answer.text}`)
    const token = answer.headers['x-subject-token'] ?? ''
    parents.push({
      name,
      ask: (method, path, body) => face.call(method, path, { token, body }),
      expires: Date.parse(answer.body.token.expires_at),
      lasting: true,
      ...more,
    })
  }
  const issue = (identity: object, scope?: object, token?: string) =>
    face.call('POST', '/v3/auth/tokens', {
      body: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
      ...(token === undefined ? {} : { token }),
    })
  const password = () => ({
    methods: ['password'],
    password: { user: { id: two.userB, password: PASSWORD } },
  })

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    const { ctx } = house
    const by = { session: null, action: 'test', requestId: '' }
    key = await createAccessKey(ctx, by, { userId: two.userB, description: '', limit: 2 })
    await ctx.store.write(async (tx) => {
      const role = await ensureRole(tx, 'readonly')
      await insertAgency(tx, {
        id: 'agency',
        domainId: two.a,
        kind: 'agency',
        name: 'IAMAgency',
        description: '',
        trustDomainId: two.b,
        trustPolicy: null,
        durationHours: null,
        expiresAt: null,
        maxSessionSeconds: 86_400,
        externalId: null,
        guards: {},
        extra: {},
        createdAt: ctx.now(),
      })
      const actor = { kind: 'agency', id: 'agency' } as const
      for (const inherited of [true, false]) {
        await insertGrant(tx, { actor, target: { kind: 'domain', id: two.a }, inherited }, role)
      }
    })
    const scopes = { account: { domain: { id: two.b } }, project: { project: { id: two.projectB } } }
    for (const [scopeName, scope] of Object.entries(scopes)) {
      const own = await issue(password(), scope)
      byToken(`password on ${scopeName}`, own, { inPerson: true })
      const token = own.headers['x-subject-token'] ?? ''
      byToken(`token on ${scopeName}`, await issue({ methods: ['token'], token: { id: token } }, scope), {
        inPerson: true,
      })
    }
    const onAccount = (await issue(password(), scopes.account)).headers['x-subject-token'] ?? ''
    const onProject = (await issue(password(), scopes.project)).headers['x-subject-token'] ?? ''
    const made = await face.call('POST', `/v3/users/${two.userB}/application_credentials`, {
      token: onProject,
      body: { application_credential: { name: 'app' } },
    })
    const { id, secret } = made.body.application_credential
    const credential = { methods: ['application_credential'], application_credential: { id, secret } }
    const viaApp = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity: credential } } })
    byToken('application credential', viaApp, { inPerson: false })
    const identity = { methods: ['assume_role'], assume_role: { domain_id: two.a, agency_name: 'IAMAgency' } }
    for (const [scopeName, scope] of Object.entries({
      account: { domain: { id: two.a } },
      project: { project: { id: two.projectA } },
    })) {
      byToken(`agency on ${scopeName}`, await issue(identity, scope, onAccount), { inPerson: false })
    }
    parents.push({
      name: 'access key',
      ask: (method, path, body) => face.signed(method, path, key, { body }),
      expires: Number.POSITIVE_INFINITY,
      inPerson: true,
      lasting: true,
    })
    const temporary = await face.signed('POST', '/v3.0/OS-CREDENTIAL/securitytokens', key, {
      body: { auth: { identity: { methods: ['token'], token: {} } } },
    })
    const { access, secret: derived, securitytoken, expires_at } = temporary.body.credential
    parents.push({
      name: 'temporary key',
      ask: (method, path, body) =>
        face.signed(method, path, { access, secret: derived, securityToken: securitytoken }, { body }),
      expires: Date.parse(expires_at),
      inPerson: true,
      lasting: false,
    })
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('sessions and temporary keys end with what they came of; an agency is had in person only', async () => {
    for (const parent of parents) {
      const mints: readonly [string, string, object, (body: Answer['body']) => string][] = [
        [
          'temporary key',
          '/v3.0/OS-CREDENTIAL/securitytokens',
          { auth: { identity: { methods: ['token'], token: { duration_seconds: 86_400 } } } },
          (body) => body.credential.expires_at,
        ],
        [
          'agency key',
          '/v3.0/OS-CREDENTIAL/securitytokens',
          {
            auth: {
              identity: {
                methods: ['assume_role'],
                assume_role: { domain_id: two.a, agency_name: 'IAMAgency', duration_seconds: 86_400 },
              },
            },
          },
          (body) => body.credential.expires_at,
        ],
        [
          'agency key by v5',
          '/v5/agencies/assume',
          {
            agency_urn: `iam::${two.a}:agency:IAMAgency`,
            agency_session_name: 'session',
            duration_seconds: 43_200,
          },
          (body) => body.credentials.expiration,
        ],
        [
          'agency token',
          '/v3/auth/tokens',
          {
            auth: {
              identity: {
                methods: ['assume_role'],
                assume_role: { domain_id: two.a, agency_name: 'IAMAgency' },
              },
            },
          },
          (body) => body.token.expires_at,
        ],
      ]
      for (const [what, path, body, expiry] of mints) {
        house.advance(1)
        const answer = await parent.ask('POST', path, body)
        const made = `${what} by ${parent.name}: ${answer.status} ${answer.text.slice(0, 100)}`
        if (answer.status >= 300) {
          assert.ok([401, 403, 404].includes(answer.status), made)
          continue
        }
        assert.ok(Date.parse(expiry(answer.body)) <= parent.expires, made)
        if (what.startsWith('agency')) assert.ok(parent.inPerson, made)
        if (answer.body.token)
          assert.deepEqual(answer.body.token.roles, [{ id: '0', name: 'readonly' }], made)
      }
    }
  })

  it('what lasts is made by people and their own keys alone', async () => {
    for (const parent of parents) {
      const lasting: readonly [string, object][] = [
        ['/v3.0/OS-CREDENTIAL/credentials', { credential: { user_id: two.userB } }],
        [`/v3/users/${two.userB}/application_credentials`, { application_credential: { name: parent.name } }],
        [`/v3/users/${two.userB}/credentials/OS-EC2`, { tenant_id: two.projectB }],
        [
          '/v3/OS-TRUST/trusts',
          {
            trust: {
              trustor_user_id: two.userB,
              trustee_user_id: two.adminA,
              impersonation: true,
              project_id: two.projectB,
              roles: [{ name: 'te_admin' }],
            },
          },
        ],
      ]
      for (const [path, body] of lasting) {
        house.advance(1)
        const answer = await parent.ask('POST', path, body)
        if (answer.status >= 300) continue
        assert.ok(parent.inPerson && parent.lasting, `${path} by ${parent.name}: ${answer.text}`)
      }
    }
  })

  it('rescoping renews nothing and leads out of no delegation', async () => {
    for (const parent of parents.filter(({ name }) => !name.includes('key'))) {
      const subject = await parent.ask('POST', '/v3/auth/tokens', {
        auth: { identity: { methods: ['token'], token: {} } },
      })
      assert.equal(subject.status, 400, parent.name)
    }
  })
})
