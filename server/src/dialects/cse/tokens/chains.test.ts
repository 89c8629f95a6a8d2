/** Whose sessions become tokens of an engine: every way in, in real flows, by the wire. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createEngine, importPrincipal, setNamespaceOwner } from '../../../flows/engine-lifecycle.ts'
import type { EngineRecord } from '../../../store/engines.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts } from '../../../testing/huawei.ts'
import { type Family, openFamily, type Parent } from '../../../testing/parents.ts'
import { PASSWORD } from '../../../testing/seed.ts'

const BY = { session: null, action: 'test', requestId: '' }

let house: House
let face: HuaweiFace
let family: Family
let engines: Readonly<Record<string, EngineRecord>>
let nacos: EngineRecord

async function engine(projectId: string, specType: EngineRecord['specType']): Promise<EngineRecord> {
  const common = { enterpriseProjectId: '0', authType: 'RBAC' } as const
  return (await createEngine(house.ctx, { ...common, projectId, name: `of-${specType}`, specType }, BY))
    .engine
}

before(async () => {
  house = await openHouse()
  face = openHuawei(house)
  family = await openFamily(house, face, await seedTwoAccounts(house))
  const { two, agency, trustee, parents } = family
  engines = {
    [two.projectA]: await engine(two.projectA, 'CSE2'),
    [two.projectB]: await engine(two.projectB, 'CSE2'),
  }
  nacos = await engine(two.projectB, 'Nacos2')
  const mapped = parents.find(({ name }) => name === 'mapped')!
  for (const [name, id] of [
    ['user', two.userB],
    ['trustee', trustee],
    ['mapped', mapped.userId],
    ['agency', agency],
  ] as const) {
    for (const one of Object.values(engines)) {
      await importPrincipal(house.ctx, one, { principal: { id, name }, roles: ['developer'] }, BY)
    }
  }
  for (const namespace of ['', 'dev']) {
    const principal = { id: two.userB, name: 'user' }
    await importPrincipal(house.ctx, nacos, { principal, roles: ['rw'], namespace }, BY)
  }
})
after(async () => {
  await face.close()
  await house.close()
})

const claimsOf = (text: string) => JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString())

/** The account of the engine's token, or the code of the refusal. */
async function outcome(parent: Parent, project: string): Promise<string> {
  // The same signed request within the same second would be the same signature.
  house.advance(1)
  const answer = await parent.ask('POST', `/v2/${project}/enginemgr/engines/${engines[project]!.id}/tokens`)
  if (answer.status !== 200) return `${answer.status} ${answer.body.error_code}`
  const { account, exp } = claimsOf(answer.body.token)
  assert.ok(exp <= parent.expiresAt, parent.name)
  return account
}

describe('who may exchange a session for a token of an engine', () => {
  it('sessions that were not narrowed, on the project of the engine, and no others', async () => {
    const { two, parents } = family
    const found: Record<string, string[]> = {}
    for (const parent of parents) {
      const what = `${await outcome(parent, two.projectA)} / ${await outcome(parent, two.projectB)}`
      found[what] = [...(found[what] ?? []), parent.name]
    }
    const { '400 ENGINE.0403 / 400 ENGINE.0403': elsewhere, ...here } = found
    assert.deepEqual(here, {
      '400 ENGINE.0403 / user': [
        ...['password', 'password and TOTP', 'token'].map((way) => `${way} on project`),
        'temporary key of project',
        'unrestricted application credential of everything',
      ],
      '400 ENGINE.0403 / mapped': ['mapped on project'],
      'agency / 400 ENGINE.0403': ['agency on project', 'temporary key of agency on project'],
      '400 ENGINE.0403 / 400 ENGINE.0404': parents
        .map(({ name }) => name)
        .filter((name) => /^(impersonating )?trust|application credential|^OAuth1|^EC2/.test(name))
        .filter((name) => name !== 'unrestricted application credential of everything'),
    })
    assert.ok(elsewhere?.every((name) => !name.endsWith(' on project') || name === 'access key on project'))
  })

  it('400 an agency that is not imported, though who acts as it is', async () => {
    const agency = family.parents.find(({ name }) => name === 'agency on project')!
    const { id } = await engine(family.two.projectA, 'Nacos2')
    const answer = await agency.ask('POST', `/v2/${family.two.projectA}/enginemgr/engines/${id}/tokens`)
    assert.deepEqual([answer.status, answer.body.error_code], [400, 'ENGINE.0406'])
  })

  it('400 an agency of whose roles the session was left some only', async () => {
    const { two } = family
    const user = { name: 'IAMUserB', domain: { id: two.b }, password: PASSWORD }
    const own = { identity: { methods: ['password'], password: { user } }, scope: { domain: { id: two.b } } }
    const signedIn = await face.call('POST', '/v3/auth/tokens', { body: { auth: own } })
    const exchange = async (restrict: object) => {
      const assume_role = { domain_id: two.a, agency_name: 'IAMAgency', ...restrict }
      const identity = { methods: ['assume_role'], assume_role }
      const acting = await face.call('POST', '/v3/auth/tokens', {
        token: signedIn.headers['x-subject-token'] ?? '',
        body: { auth: { identity, scope: { project: { id: two.projectA } } } },
      })
      assert.equal(acting.status, 201, acting.text)
      const path = `/v2/${two.projectA}/enginemgr/engines/${engines[two.projectA]!.id}/tokens`
      const answer = await face.call('POST', path, { token: acting.headers['x-subject-token'] ?? '' })
      return [answer.status, answer.body.error_code]
    }
    assert.deepEqual(await exchange({ restrict: { roles: ['readonly'] } }), [400, 'ENGINE.0404'])
    assert.deepEqual(await exchange({}), [200, undefined])
  })

  it('400 a temporary key with a session policy, of which a ServiceComb engine cannot be told', async () => {
    const { two, parents } = family
    const own = parents.find(({ name }) => name === 'password on project')!
    const exchange = async (policy: object) => {
      const identity = { methods: ['token'], token: { duration_seconds: 900 }, ...policy }
      const made = await own.ask('POST', '/v3.0/OS-CREDENTIAL/securitytokens', { auth: { identity } })
      assert.equal(made.status, 201, made.text)
      const { access, secret, securitytoken: securityToken } = made.body.credential
      const path = `/v2/${two.projectB}/enginemgr/engines/${engines[two.projectB]!.id}/tokens`
      const answer = await face.signed('POST', path, { access, secret, securityToken })
      return [answer.status, answer.body.error_code]
    }
    for (const Action of ['cse:tokens:*', '*:*:*']) {
      const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: [Action] }] }
      assert.deepEqual(await exchange({ policy }), [400, 'ENGINE.0404'], Action)
    }
    assert.deepEqual(await exchange({}), [200, undefined])
  })

  it('403 a token of an EC2 signature changes no engines, and does not see them', async () => {
    const { two, parents } = family
    const asks = async (name: string) => {
      const { token } = parents.find((parent) => parent.name === name)!
      const path = `/v2/${two.projectB}/enginemgr/engines`
      const shown = await face.call('GET', path, { token: token! })
      const gone = await face.call('DELETE', `${path}/nothing`, { token: token! })
      return [shown.status, gone.status]
    }
    assert.deepEqual(await asks('EC2 key'), [403, 403])
    assert.deepEqual(await asks('password on project'), [200, 400])
  })

  it('401 once the agency is gone, though its engine token was cached', async () => {
    const agency = family.parents.find(({ name }) => name === 'agency on project')!
    assert.equal(await outcome(agency, family.two.projectA), 'agency')
    const admin = await house.admin()
    const path = `/v3.0/OS-AGENCY/agencies/${family.agency}`
    assert.equal((await face.call('DELETE', path, { token: admin })).status, 204)
    assert.equal(await outcome(agency, family.two.projectA), '401 APIGW.0307')
  })
})

describe('tokens of a Nacos engine', () => {
  const exchange = (headers: Readonly<Record<string, string>>) => {
    const { token } = family.parents.find(({ name }) => name === 'password on project')!
    const path = `/v2/${family.two.projectB}/enginemgr/engines/${nacos.id}/tokens`
    return face.call('POST', path, { token: token!, headers })
  }
  const refused = async (headers: Readonly<Record<string, string>>) => {
    const { status, body } = await exchange(headers)
    return [status, body.error_code]
  }

  it('hold sub and exp under exactly the header Nacos compares, a user for each namespace', async () => {
    const subOf = async (namespace?: string) => {
      const headers = namespace === undefined ? {} : { 'x-namespace-id': namespace }
      const { status, body, text } = await exchange(headers)
      assert.equal(status, 200, text)
      assert.equal(body.token.split('.')[0], 'eyJhbGciOiJIUzI1NiJ9')
      const claims = claimsOf(body.token)
      assert.deepEqual(Object.keys(claims), ['sub', 'exp'])
      return claims.sub
    }
    assert.notEqual(await subOf(''), await subOf('dev'))
    assert.equal(await subOf(''), await subOf('public'))
    assert.equal(await subOf(), await subOf('public'))
  })

  it('400 a namespace nobody gave', async () =>
    assert.deepEqual(await refused({ 'x-namespace-id': 'prod' }), [400, 'ENGINE.0406']))

  it('400 the namespace is in another enterprise project', async () => {
    const owner = { id: 'dev', enterpriseProjectId: 'ep-1' }
    await setNamespaceOwner(house.ctx, nacos, owner, BY)
    assert.deepEqual(await refused({ 'x-namespace-id': 'dev' }), [400, 'SVCSTG.00501116'])
    const there = { 'x-namespace-id': 'dev', 'x-enterprise-project-id': 'ep-1' }
    assert.equal((await exchange(there)).status, 200)
  })
})
