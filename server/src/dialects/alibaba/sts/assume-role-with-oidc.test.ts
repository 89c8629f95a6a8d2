import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { accountNumberOf } from '../../../flows/ram-principal.ts'
import { updateAgency } from '../../../store/agencies.ts'
import { ensureDomain } from '../../../store/bootstrap.ts'
import {
  deleteIdentityProvider,
  findIdentityProvider,
  updateIdentityProvider,
} from '../../../store/identity-providers.ts'
import { findMapping, updateMapping } from '../../../store/mappings.ts'
import { listUsers, updateUser } from '../../../store/users.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../../testing/alibaba.ts'
import {
  makeOidcProvider,
  OIDC_AUDIENCE,
  OIDC_ISSUER,
  type SignIdToken,
} from '../../../testing/oidc-provider.ts'
import { makeRamRole } from '../../../testing/ram-role.ts'
import { allRows } from '../../../testing/rows.ts'

const SUBJECT = 'repo:acme/web'

describe('AssumeRoleWithOIDC', () => {
  let house: AlibabaHouse
  let account: string
  let sign: SignIdToken
  let providers = 0
  let idp = ''
  let roleId = ''
  let roleName = ''

  const arn = (relative: string, number = account): string => `acs:ram::${number}:${relative}`
  const trusting = (Federated: unknown, Condition: object = {}) => ({
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated }, Condition }],
  })
  const ofSubject = (sub: unknown) =>
    trusting([arn(`oidc-provider/${idp}`)], {
      StringEquals: { 'oidc:iss': OIDC_ISSUER, 'oidc:aud': OIDC_AUDIENCE, 'oidc:sub': sub },
    })
  const changeTrust = (trustPolicy: unknown) =>
    house.ctx.store.write((tx) => updateAgency(tx, roleId, { trustPolicy }))
  const assume = (more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    house.send({
      version: '2015-04-01',
      action: 'AssumeRoleWithOIDC',
      key: null,
      headers,
      parameters: {
        OIDCProviderArn: arn(`oidc-provider/${idp}`),
        OIDCToken: sign(),
        RoleArn: arn(`role/${roleName}`),
        RoleSessionName: 'job-7',
        ...more,
      },
    })
  const assumed = async (more: Record<string, string> = {}): Promise<SigningKey> => {
    const { status, text, body } = await assume(more)
    assert.equal(status, 200, text)
    return {
      accessKeyId: body.Credentials.AccessKeyId,
      accessKeySecret: body.Credentials.AccessKeySecret,
      securityToken: body.Credentials.SecurityToken,
    }
  }
  const read = (key: SigningKey, id = 'cn-beijing') => house.secureToken(id, { key })
  const refused = (answer: { status: number; body: { Code: string } }, status: number, code: string) =>
    assert.deepEqual([answer.status, answer.body.Code], [status, code], JSON.stringify(answer.body))
  const people = async (): Promise<number> =>
    (await listUsers(house.ctx.store.db, { filters: [] }, { limit: 1000 })).items.length

  before(async () => {
    house = await openAlibabaHouse()
    account = await accountNumberOf(house.ctx, 'default')
  })
  beforeEach(async () => {
    providers += 1
    idp = `ci${providers}`
    sign = await makeOidcProvider(house.ctx, { id: idp, domainId: 'default' })
    const made = await makeRamRole(house.ctx)
    roleId = made.id
    roleName = made.name
    await changeTrust(ofSubject([SUBJECT]))
    await house.attach({ kind: 'agency', id: roleId }, { Effect: 'Allow', Action: 'edas:*', Resource: '*' })
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('200 an unsigned request with a good token gets a key that is the role’s', async () => {
    const { status, text, body } = await assume()
    assert.equal(status, 200, text)
    const { OIDCTokenInfo, AssumedRoleUser, Credentials, RequestId } = body
    assert.equal(typeof RequestId, 'string')
    assert.deepEqual(AssumedRoleUser, {
      AssumedRoleId: `${roleId}:job-7`,
      Arn: arn(`role/${roleName}/job-7`),
    })
    assert.deepEqual(
      [OIDCTokenInfo.Subject, OIDCTokenInfo.Issuer, OIDCTokenInfo.ClientIds, OIDCTokenInfo.VerificationInfo],
      [SUBJECT, OIDC_ISSUER, OIDC_AUDIENCE, 'Success'],
    )
    assert.match(OIDCTokenInfo.ExpirationTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.match(Credentials.AccessKeyId, /^STS\./)
    const key = {
      accessKeyId: Credentials.AccessKeyId,
      accessKeySecret: Credentials.AccessKeySecret,
      securityToken: Credentials.SecurityToken,
    }
    assert.equal((await read(key)).status, 200)
    const who = await house.send({ version: '2015-04-01', action: 'GetCallerIdentity', key })
    assert.deepEqual(
      [who.body.IdentityType, who.body.Arn],
      ['AssumedRoleUser', arn(`assumed-role/${roleName}/job-7`)],
    )
    const users = await house.send({ version: '2015-05-01', action: 'ListUsers', key })
    refused(users, 403, 'NoPermission')
  })

  it('200 with action and version in headers alone, as the SDK names them', async () => {
    const { alibaba } = house
    const parameters = new URLSearchParams({
      OIDCProviderArn: arn(`oidc-provider/${idp}`),
      OIDCToken: sign(),
      RoleArn: arn(`role/${roleName}`),
      RoleSessionName: 'job-7',
    })
    const answer = await alibaba.inject({
      method: 'POST',
      url: '/',
      headers: {
        'x-acs-action': 'AssumeRoleWithOIDC',
        'x-acs-version': '2015-04-01',
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: parameters.toString(),
    })
    assert.equal(answer.statusCode, 200, answer.payload)
  })

  it('400 parameters that are missing or not well formed', async () => {
    for (const [more, code] of [
      [{ OIDCProviderArn: '' }, 'MissingOIDCProviderArn'],
      [{ OIDCProviderArn: arn('saml-provider/x') }, 'InvalidParameter.OIDCProviderArn'],
      [{ OIDCToken: '' }, 'MissingOIDCToken'],
      [{ RoleArn: 'x' }, 'InvalidParameter.RoleArn'],
      [{ RoleSessionName: 'a' }, 'InvalidParameter.RoleSessionName'],
      [{ DurationSeconds: '899' }, 'InvalidParameter.DurationSeconds'],
      [{ DurationSeconds: '3601' }, 'InvalidParameter.DurationSeconds'],
      [{ Policy: '{' }, 'InvalidParameter.PolicyGrammar'],
    ] as const) {
      refused(await assume(more), 400, code)
    }
  })

  it('400 tokens that are none of the provider’s, and nobody is made of them (Zitadel CVE-2026-55669)', async () => {
    const before = await people()
    const other = await makeOidcProvider(house.ctx, { id: `${idp}-other`, domainId: 'default' })
    const invalid = 'AuthenticationFail.OIDCToken.Invalid'
    const [head = '', body = '', signature = ''] = sign().split('.')
    for (const OIDCToken of [
      'x',
      'a.b.c',
      other(),
      sign({ iss: 'https://evil.example' }),
      sign({ aud: 'somebody' }),
      sign({ iat: Math.floor(house.ctx.now() / 1e6) + 600 }),
      sign({ sub: undefined }),
      sign({ exp: undefined }),
      `${head}.${body}.`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
      sign({}, { alg: 'HS256' }),
      sign({}, { typ: 'at+jwt' }),
      `${head}.${body}.${signature}`.slice(0, -4),
    ]) {
      refused(await assume({ OIDCToken }), 400, invalid)
    }
    const past = Math.floor(house.ctx.now() / 1e6) - 60
    const expired = await assume({ OIDCToken: sign({ iat: past - 300, exp: past }) })
    refused(expired, 400, 'AuthenticationFail.OIDCToken.Expired')
    assert.equal(await people(), before)
    const said = (await house.ctx.store.db.selectFrom('audit_event').selectAll().execute()).filter(
      ({ action, outcome, target }) =>
        action === 'federated_login' && outcome === 'refused' && target === `identity_provider:${idp}/oidc`,
    )
    assert.equal(said.length, 14, 'each is on the audit trail')
  })

  it('400 a subject or audience longer than any, before a trust policy is held against it (CVE-2012-1572)', async () => {
    const sub = 's'.repeat(255)
    const like = (value: string) =>
      trusting([arn(`oidc-provider/${idp}`)], { StringLike: { 'oidc:sub': value } })
    await changeTrust(like('s*'))
    assert.equal((await assume({ OIDCToken: sign({ sub }) })).status, 200)
    const invalid = 'AuthenticationFail.OIDCToken.Invalid'
    refused(await assume({ OIDCToken: sign({ sub: `${sub}s` }) }), 400, invalid)
    const aud = [OIDC_AUDIENCE, 'a'.repeat(256)]
    refused(await assume({ OIDCToken: sign({ sub, aud, azp: OIDC_AUDIENCE }) }), 400, invalid)
  })

  it('400 a provider that is not there, disabled, or another account’s, alike', async () => {
    const { ctx } = house
    const invalid = 'AuthenticationFail.OIDCToken.Invalid'
    refused(await assume({ OIDCProviderArn: arn('oidc-provider/nobody') }), 400, invalid)
    await ctx.store.write((tx) => ensureDomain(tx, 'other', 'other', ctx.now()))
    const other = await accountNumberOf(ctx, 'other')
    refused(await assume({ OIDCProviderArn: arn(`oidc-provider/${idp}`, other) }), 400, invalid)
    const provider = (await findIdentityProvider(ctx.store.db, idp))!
    await ctx.store.write((tx) => updateIdentityProvider(tx, { ...provider, enabled: false }))
    refused(await assume(), 400, invalid)
  })

  it('403 a token that the trust policy does not mean, and nobody is made of it (CVE-2012-3542)', async () => {
    const before = await people()
    const rows = await allRows(house)
    refused(await assume({ OIDCToken: sign({ sub: 'repo:evil/web' }) }), 403, 'NoPermission')
    refused(await assume({ OIDCToken: sign({ aud: 'others' }) }), 403, 'NoPermission')
    for (const policy of [
      null,
      trusting([arn('oidc-provider/another')]),
      trusting([arn(`saml-provider/${idp}`)]),
      {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [arn('root')] } }],
      },
      {
        Version: '1',
        Statement: [
          ...trusting([arn(`oidc-provider/${idp}`)]).Statement,
          { ...trusting([arn(`oidc-provider/${idp}`)]).Statement[0], Effect: 'Deny' },
        ],
      },
    ]) {
      await changeTrust(policy)
      refused(await assume(), 403, 'NoPermission')
    }
    assert.equal(await people(), before)
    assert.ok((await allRows(house)).length > rows.length, 'refusals are on the audit trail')
  })

  it('403 roles that are not there answer as those that do not trust, however long a session is wished', async () => {
    await changeTrust(null)
    const there = await assume({ DurationSeconds: '43200' })
    const nowhere = await assume({ DurationSeconds: '43200', RoleArn: arn('role/none') })
    for (const answer of [there, nowhere]) refused(answer, 403, 'NoPermission')
    assert.equal(there.body.Message, nowhere.body.Message)
  })

  it('403 a role of another account, though its trust policy names the provider', async () => {
    const { ctx } = house
    await ctx.store.write((tx) => ensureDomain(tx, 'far', 'far', ctx.now()))
    const far = await accountNumberOf(ctx, 'far')
    const theirs = await makeRamRole(ctx, { domainId: 'far', trustPolicy: ofSubject([SUBJECT]) })
    refused(await assume({ RoleArn: arn(`role/${theirs.name}`, far) }), 403, 'NoPermission')
    roleId = theirs.id
    await changeTrust(trusting([arn(`oidc-provider/${idp}`, far)]))
    refused(await assume({ RoleArn: arn(`role/${theirs.name}`, far) }), 403, 'NoPermission')
  })

  it('403 a mapping that admits nobody, a user who is disabled, a role that wants a shared secret', async () => {
    const { ctx } = house
    const sub = `repo:acme/${idp}`
    await changeTrust(ofSubject([sub]))
    await assumed({ OIDCToken: sign({ sub }) })
    const { items } = await listUsers(ctx.store.db, { filters: [] }, { limit: 1000 })
    const user = items.find(({ name }) => name === sub)!
    const enable = (enabled: boolean) => ctx.store.write((tx) => updateUser(tx, user.id, { enabled }))
    await enable(false)
    refused(await assume({ OIDCToken: sign({ sub }) }), 403, 'NoPermission')
    await enable(true)
    const mapping = (await findMapping(ctx.store.db, `map-${idp}`))!
    const nobody = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'email' }] }]
    await ctx.store.write((tx) => updateMapping(tx, { ...mapping, rules: nobody }))
    refused(await assume({ OIDCToken: sign({ sub }) }), 403, 'NoPermission')
    await ctx.store.write((tx) => updateMapping(tx, mapping))
    assert.equal((await assume({ OIDCToken: sign({ sub }) })).status, 200)
    await ctx.store.write((tx) => updateAgency(tx, roleId, { externalId: 'shared' }))
    refused(await assume({ OIDCToken: sign({ sub }) }), 403, 'NoPermission')
  })

  it('a session policy only narrows, and a role session assumes no further role', async () => {
    const Policy = JSON.stringify({
      Version: '1',
      Statement: [
        { Effect: 'Allow', Action: 'edas:ReadNamespace', Resource: 'acs:edas:*:*:namespace/cn-beijing' },
      ],
    })
    const narrow = await assumed({ Policy })
    assert.equal((await read(narrow)).status, 200)
    refused(await read(narrow, 'cn-shenzhen'), 403, 'Forbidden.RAM')
    await house.attach({ kind: 'agency', id: roleId }, { Effect: 'Allow', Action: '*', Resource: '*' })
    const again = await house.send({
      version: '2015-04-01',
      action: 'AssumeRole',
      key: await assumed(),
      parameters: { RoleArn: arn(`role/${roleName}`), RoleSessionName: 'ci' },
    })
    refused(again, 403, 'NoPermission')
  })

  for (const [what, end] of [
    ['the role trusts the provider no longer', () => changeTrust(null)],
    [
      'the role trusts its user by name instead',
      () =>
        changeTrust({
          Version: '1',
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [arn('root')] } }],
        }),
    ],
    [
      'the provider is disabled',
      async () => {
        const provider = (await findIdentityProvider(house.ctx.store.db, idp))!
        await house.ctx.store.write((tx) => updateIdentityProvider(tx, { ...provider, enabled: false }))
      },
    ],
    [
      'the provider is deleted',
      () =>
        house.ctx.store.write((tx) => deleteIdentityProvider(tx, idp, house.ctx.now())).then(() => undefined),
    ],
  ] as const) {
    it(`a session ends when ${what}`, async () => {
      const key = await assumed()
      assert.equal((await read(key)).status, 200)
      await end()
      refused(await read(key), 400, 'InvalidSecurityToken.Malformed')
    })
  }

  it('400 a time that no calendar has; fractions of a second are not shown', async () => {
    for (const times of [{ exp: 1e300 }, { iat: -1e300 }])
      refused(await assume({ OIDCToken: sign(times) }), 400, 'AuthenticationFail.OIDCToken.Invalid')
    const now = house.ctx.now() / 1e6
    const { status, body } = await assume({ OIDCToken: sign({ iat: now - 0.5, exp: now + 300.5 }) })
    assert.equal(status, 200)
    for (const time of [body.OIDCTokenInfo.IssuanceTime, body.OIDCTokenInfo.ExpirationTime])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  it('a session lasts its seconds, whenever the token ends', async (t) => {
    const key = await assumed({ DurationSeconds: '900' })
    const later = house.ctx.now() + 890e6
    t.mock.method(house.ctx, 'now', () => later)
    assert.equal((await read(key)).status, 200)
    t.mock.method(house.ctx, 'now', () => later + 20e6)
    refused(await read(key), 400, 'InvalidSecurityToken.Expired')
  })
})
