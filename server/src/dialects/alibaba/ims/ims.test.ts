import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { accountNumberOf } from '../../../flows/ram-principal.ts'
import { updateAgency } from '../../../store/agencies.ts'
import { ensureDomain } from '../../../store/bootstrap.ts'
import { findOidcConfig } from '../../../store/federation-config.ts'
import { findProtocol } from '../../../store/identity-providers.ts'
import { findMapping, updateMapping } from '../../../store/mappings.ts'
import { listUsers } from '../../../store/users.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../../testing/alibaba.ts'
import { idTokens, makeOidcProvider, OIDC_ISSUER, pinSigningKey } from '../../../testing/oidc-provider.ts'
import { makeRamRole } from '../../../testing/ram-role.ts'
import { seedGrant, seedUser } from '../../../testing/seed.ts'

const SHA1 = '902ef2deeb3c5b13ea4c3d5193629309e231ae55'

describe('IMS: OIDC providers', () => {
  let house: AlibabaHouse
  let account: string
  let serial = 0
  let name = ''
  let issuer = ''

  const ims = (action: string, parameters: Record<string, string> = {}, key: SigningKey = house.root) =>
    house.send({ version: '2019-08-15', action, parameters, key })
  const did = async (...call: Parameters<typeof ims>) => {
    const answer = await ims(...call)
    assert.equal(answer.status, 200, `${call[0]} ${answer.text}`)
    return answer.body.OIDCProvider ?? answer.body
  }
  const refused = async (
    [status, code]: readonly [number, string],
    ...call: Parameters<typeof ims>
  ): Promise<void> => {
    const answer = await ims(...call)
    assert.deepEqual([answer.status, answer.body?.Code], [status, code], `${call[0]} ${answer.text}`)
  }
  const create = (more: Record<string, string> = {}, key?: SigningKey) =>
    did('CreateOIDCProvider', { OIDCProviderName: name, IssuerUrl: issuer, ClientIds: 'web', ...more }, key)
  const named = (more: Record<string, string> = {}) => ({ OIDCProviderName: name, ...more })
  const manager = () =>
    house.person(`manager-${name}`, { Effect: 'Allow', Action: 'ram:*OIDCProvider*', Resource: '*' })

  before(async () => {
    house = await openAlibabaHouse()
    account = await accountNumberOf(house.ctx, 'default')
  })
  beforeEach(() => {
    serial += 1
    name = `ci${serial}`
    issuer = `https://ci${serial}.example`
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('200 makes, shows, lists, changes and deletes one, with every field of its documented type', async () => {
    const made = await create({
      Description: '持续集成',
      ClientIds: 'web,api.example/x:1',
      Fingerprints: SHA1.toUpperCase(),
      IssuanceLimitTime: '6',
    })
    const { CreateDate, UpdateDate, GmtCreate, GmtModified, ...rest } = made
    assert.deepEqual(rest, {
      OIDCProviderName: name,
      Arn: `acs:ram::${account}:oidc-provider/${name}`,
      Description: '持续集成',
      IssuerUrl: issuer,
      ClientIds: 'web,api.example/x:1',
      Fingerprints: SHA1,
      IssuanceLimitTime: 6,
    })
    assert.match(CreateDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.equal(UpdateDate, CreateDate)
    assert.match(GmtCreate, /^\d{13}$/)
    assert.equal(GmtModified, GmtCreate)
    assert.deepEqual(await did('GetOIDCProvider', named()), made)
    const page = await did('ListOIDCProviders', { MaxItems: '1' })
    assert.deepEqual(page.OIDCProviders.OIDCProvider[0], made)
    assert.equal(page.IsTruncated, false)
    const changed = await did('UpdateOIDCProvider', named({ NewDescription: 'd', ClientIds: 'app' }))
    assert.deepEqual(
      [changed.Description, changed.ClientIds, changed.IssuanceLimitTime, changed.Fingerprints],
      ['d', 'app', 6, SHA1],
    )
    const { mappingId } = (await findProtocol(house.ctx.store.db, name, 'oidc'))!
    await did('DeleteOIDCProvider', named())
    await refused([404, 'EntityNotExist.OIDCProvider'], 'GetOIDCProvider', named())
    await refused([404, 'EntityNotExist.OIDCProvider'], 'DeleteOIDCProvider', named())
    assert.equal(await findMapping(house.ctx.store.db, mappingId), undefined)
  })

  it('200 adds and removes clients and fingerprints, each once and within their number', async () => {
    await create()
    const client = (ClientId: string) => named({ ClientId })
    const print = (Fingerprint: string) => named({ Fingerprint })
    assert.equal((await did('AddClientIdToOIDCProvider', client('app'))).ClientIds, 'web,app')
    await refused(
      [409, 'EntityAlreadyExists.OIDCProvider.ClientId'],
      'AddClientIdToOIDCProvider',
      client('app'),
    )
    assert.equal((await did('RemoveClientIdFromOIDCProvider', client('web'))).ClientIds, 'app')
    assert.equal((await did('RemoveClientIdFromOIDCProvider', client('app'))).ClientIds, '')
    await refused(
      [404, 'EntityNotExist.OIDCProvider.ClientId'],
      'RemoveClientIdFromOIDCProvider',
      client('app'),
    )
    await refused([400, 'InvalidParameter.ClientId'], 'AddClientIdToOIDCProvider', client('.a'))
    for (const n of [1, 2, 3, 4, 5]) await did('AddFingerprintToOIDCProvider', print(`AB${n}`))
    await refused([409, 'LimitExceeded.OIDCProvider.Fingerprint'], 'AddFingerprintToOIDCProvider', print('x'))
    const left = await did('RemoveFingerprintFromOIDCProvider', print('AB3'))
    assert.equal(left.Fingerprints, 'ab1,ab2,ab4,ab5')
    await refused([400, 'MissingFingerprint'], 'RemoveFingerprintFromOIDCProvider', named())
  })

  it('400 parameters that are missing or not well formed, and nothing is made of them', async () => {
    for (const [more, code] of [
      [{ OIDCProviderName: '' }, 'MissingOIDCProviderName'],
      [{ OIDCProviderName: '-a' }, 'InvalidParameter.OIDCProviderName'],
      [{ OIDCProviderName: 'a'.repeat(65) }, 'InvalidParameter.OIDCProviderName'],
      [{ IssuerUrl: '' }, 'MissingIssuerUrl'],
      [{ IssuerUrl: 'http://ci.example' }, 'InvalidParameter.IssuerUrl'],
      [{ IssuerUrl: 'https://' }, 'InvalidParameter.IssuerUrl'],
      [{ IssuerUrl: 'https://a@ci.example' }, 'InvalidParameter.IssuerUrl'],
      [{ IssuerUrl: 'https://ci.example?a=1' }, 'InvalidParameter.IssuerUrl'],
      [{ IssuerUrl: 'https://ci.example:port' }, 'InvalidParameter.IssuerUrl'],
      [{ ClientIds: '/x' }, 'InvalidParameter.ClientIds'],
      [{ ClientIds: Array.from({ length: 51 }, (_, n) => `c${n}`).join() }, 'InvalidParameter.ClientIds'],
      [{ Fingerprints: 'ab:cd' }, 'InvalidParameter.Fingerprints'],
      [{ Fingerprints: 'a,b,c,d,e,f' }, 'InvalidParameter.Fingerprints'],
      [{ IssuanceLimitTime: '0' }, 'InvalidParameter.IssuanceLimitTime'],
      [{ IssuanceLimitTime: '169' }, 'InvalidParameter.IssuanceLimitTime'],
      [{ Description: 'd'.repeat(257) }, 'InvalidParameter.Description'],
    ] as const) {
      await refused([400, code], 'CreateOIDCProvider', {
        ...{ OIDCProviderName: name, IssuerUrl: issuer },
        ...more,
      })
    }
    await refused([404, 'EntityNotExist.OIDCProvider'], 'GetOIDCProvider', named())
  })

  it('409 a name that is taken in the cloud, an issuer that is taken in the account', async () => {
    await create()
    const again = named({ IssuerUrl: 'https://other.example' })
    await refused([409, 'EntityAlreadyExists.OIDCProvider'], 'CreateOIDCProvider', again)
    const other = { OIDCProviderName: `${name}-b`, IssuerUrl: issuer }
    await refused([409, 'EntityAlreadyExists.OIDCProvider.Url'], 'CreateOIDCProvider', other)
  })

  it('403 who has no policy for it, and nothing is made (CVE-2012-3542)', async () => {
    const nobody = await house.person(`nobody-${name}`)
    const sent = named({ IssuerUrl: issuer })
    await refused([403, 'NoPermission'], 'CreateOIDCProvider', sent, nobody)
    await refused([404, 'EntityNotExist.OIDCProvider'], 'GetOIDCProvider', named())
    await create({}, await manager())
    const reader = await house.person(`reader-${name}`, {
      Effect: 'Allow',
      Action: 'ram:GetOIDCProvider',
      Resource: `acs:ram:*:${account}:oidc-provider/${name}`,
    })
    assert.equal((await did('GetOIDCProvider', named(), reader)).IssuerUrl, issuer)
    await refused([403, 'NoPermission'], 'GetOIDCProvider', { OIDCProviderName: `${name}x` }, reader)
    await refused([403, 'NoPermission'], 'DeleteOIDCProvider', named(), reader)
    await refused([403, 'NoPermission'], 'ListOIDCProviders', {}, reader)
  })

  it("404 another account's, whose issuers are its own", async () => {
    const { ctx } = house
    await create()
    await ctx.store.write((tx) => ensureDomain(tx, 'elsewhere', 'elsewhere', ctx.now()))
    const user = await seedUser(house, `far-${name}`, 'elsewhere')
    await seedGrant(house, user, 'admin', { domain: 'elsewhere' })
    const far = await house.keyOf(user)
    await refused([404, 'EntityNotExist.OIDCProvider'], 'GetOIDCProvider', named(), far)
    await refused([404, 'EntityNotExist.OIDCProvider'], 'DeleteOIDCProvider', named(), far)
    assert.deepEqual((await did('ListOIDCProviders', {}, far)).OIDCProviders.OIDCProvider, [])
    await did('CreateOIDCProvider', { OIDCProviderName: `${name}-far`, IssuerUrl: issuer }, far)
  })

  it('403 to choose whose tokens a provider believes by which people get more than roles', async () => {
    const { ctx } = house
    const key = await manager()
    await create()
    const { mappingId } = (await findProtocol(ctx.store.db, name, 'oidc'))!
    const mapping = (await findMapping(ctx.store.db, mappingId))!
    const changes = [
      ['UpdateOIDCProvider', { ClientIds: 'mine' }],
      ['AddClientIdToOIDCProvider', { ClientId: 'mine' }],
      ['RemoveClientIdFromOIDCProvider', { ClientId: 'web' }],
      ['AddFingerprintToOIDCProvider', { Fingerprint: 'ab' }],
      ['DeleteOIDCProvider', {}],
    ] as const
    const groups = [
      { local: [{ user: { name: '{0}' }, group: { name: 'ops' } }], remote: [{ type: 'OIDC-sub' }] },
    ]
    await ctx.store.write((tx) => updateMapping(tx, { ...mapping, rules: groups }))
    for (const [action, more] of changes) await refused([403, 'NoPermission'], action, named(more), key)
    // The account itself may, as long as all of it is the account's.
    await did('UpdateOIDCProvider', named({ ClientIds: 'web' }))
    await ctx.store.write((tx) => updateMapping(tx, { ...mapping, rules: groups, domainId: undefined }))
    for (const [action, more] of changes) await refused([403, 'NoPermission'], action, named(more))
    assert.equal((await did('GetOIDCProvider', named())).ClientIds, 'web')
    await ctx.store.write((tx) => updateMapping(tx, mapping))
    await did('UpdateOIDCProvider', named({ ClientIds: 'web,app' }), key)
  })

  it('one row with the other faces: what they set stays, what they made is shown', async () => {
    await makeOidcProvider(house.ctx, { id: `${name}-k`, domainId: 'default' })
    const seen = await did('GetOIDCProvider', { OIDCProviderName: `${name}-k` })
    assert.deepEqual(
      [seen.IssuerUrl, seen.ClientIds, seen.CreateDate, 'IssuanceLimitTime' in seen],
      [OIDC_ISSUER, 'tokenhouse,others', '', false],
    )
    await create({ Fingerprints: SHA1 })
    const token = await house.admin()
    const path = `/v3.0/OS-FEDERATION/identity-providers/${name}/openid-connect-config`
    const { status, text } = await house.call('PUT', path, {
      token,
      body: { openid_connect_config: { algorithms: ['ES256'], client_secret: 'shared secret' } },
    })
    assert.equal(status, 200, text)
    assert.equal((await did('AddClientIdToOIDCProvider', named({ ClientId: 'app' }))).Fingerprints, SHA1)
    const stored = (await findOidcConfig(house.ctx.store.db, name))!
    assert.deepEqual(stored.config['algorithms'], ['ES256'])
    assert.ok(stored.sealedClientSecret)
    const shown = await house.call('GET', `/v3/OS-FEDERATION/identity_providers/${name}`, { token })
    assert.equal(shown.body.identity_provider.domain_id, 'default')
  })

  describe('its tokens', () => {
    let sign: ReturnType<typeof idTokens>['sign']
    let roleArn = ''
    let roleId = ''
    const assume = (claims: object = {}) =>
      house.send({
        ...{ version: '2015-04-01', action: 'AssumeRoleWithOIDC', key: null },
        parameters: {
          OIDCProviderArn: `acs:ram::${account}:oidc-provider/${name}`,
          OIDCToken: sign({ iss: issuer, aud: 'web', ...claims }),
          ...{ RoleArn: roleArn, RoleSessionName: 'job' },
        },
      })
    const invalid = async (claims: object = {}): Promise<void> => {
      const answer = await assume(claims)
      assert.deepEqual(
        [answer.status, answer.body.Code],
        [400, 'AuthenticationFail.OIDCToken.Invalid'],
        answer.text,
      )
    }
    beforeEach(async () => {
      const tokens = idTokens(house.ctx)
      sign = tokens.sign
      await create({ IssuanceLimitTime: '2' })
      await pinSigningKey(house.ctx, name, tokens)
      const role = await makeRamRole(house.ctx)
      roleId = role.id
      roleArn = `acs:ram::${account}:role/${role.name}`
      const Federated = [`acs:ram::${account}:oidc-provider/${name}`]
      const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated } }]
      await house.ctx.store.write((tx) =>
        updateAgency(tx, role.id, { trustPolicy: { Version: '1', Statement } }),
      )
      await house.attach({ kind: 'agency', id: roleId }, { Effect: 'Allow', Action: '*', Resource: '*' })
    })

    it('200 for its clients and nobody else’s, as those change (Zitadel CVE-2026-55669)', async () => {
      assert.equal((await assume()).status, 200)
      await invalid({ aud: 'app' })
      await did('AddClientIdToOIDCProvider', named({ ClientId: 'app' }))
      assert.equal((await assume({ aud: 'app' })).status, 200)
      await did('RemoveClientIdFromOIDCProvider', named({ ClientId: 'web' }))
      await invalid()
      await did('RemoveClientIdFromOIDCProvider', named({ ClientId: 'app' }))
      for (const aud of ['app', '', [], ['']]) await invalid({ aud })
    })

    it('400 a token issued longer ago than IssuanceLimitTime, however long it lasts', async () => {
      const now = Math.floor(house.ctx.now() / 1e6)
      assert.equal((await assume({ iat: now - 7000, exp: now + 300 })).status, 200)
      await invalid({ iat: now - 7300, exp: now + 300 })
      await did('UpdateOIDCProvider', named({ IssuanceLimitTime: '3' }))
      assert.equal((await assume({ iat: now - 7300, exp: now + 300 })).status, 200)
    })

    it('400 the sessions of a provider that was deleted, though one of its name is made again', async () => {
      const { body } = await assume()
      const key = {
        accessKeyId: body.Credentials.AccessKeyId,
        accessKeySecret: body.Credentials.AccessKeySecret,
        securityToken: body.Credentials.SecurityToken,
      }
      assert.equal((await house.secureToken('cn-beijing', { key })).status, 200)
      await did('DeleteOIDCProvider', named())
      await create()
      const after = await house.secureToken('cn-beijing', { key })
      assert.deepEqual([after.status, after.body.Code], [400, 'InvalidSecurityToken.Malformed'])
    })

    it('403 to change it once somebody it proved holds a grant', async () => {
      const { ctx } = house
      const key = await manager()
      const sub = `job-${name}`
      assert.equal((await assume({ sub })).status, 200)
      await did('UpdateOIDCProvider', named({ NewDescription: 'x' }), key)
      const { items } = await listUsers(ctx.store.db, { filters: [] }, { limit: 1000 })
      const person = items.find((user) => user.name === sub)!
      const { roles } = (await house.call('GET', '/v3/roles?name=reader', { token: await house.admin() }))
        .body
      const path = `/v3/domains/default/users/${person.id}/roles/${roles[0].id}`
      const granted = await house.call('PUT', path, { token: await house.admin() })
      assert.equal(granted.status, 204)
      await refused([403, 'NoPermission'], 'UpdateOIDCProvider', named({ ClientIds: 'mine' }), key)
      await did('UpdateOIDCProvider', named({ ClientIds: 'web' }))
    })
  })
})
