import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { accountNumberOf } from '../../../flows/ram-principal.ts'
import { insertGrant } from '../../../store/assignments.ts'
import { ensureRole, ensureUser } from '../../../store/bootstrap.ts'
import { removeAgencies, removeGroups, removeUsers } from '../../../store/removal.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../../testing/alibaba.ts'

const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource })
const documentOf = (...Statement: unknown[]) => JSON.stringify({ Version: '1', Statement })

describe('RAM', () => {
  let house: AlibabaHouse
  let account: string
  const ram = (action: string, parameters: Record<string, string> = {}, key: SigningKey = house.root) =>
    house.send({ version: '2015-05-01', action, parameters, key })
  const did = async (action: string, parameters: Record<string, string> = {}, key = house.root) => {
    const answer = await ram(action, parameters, key)
    assert.equal(answer.status, 200, `${action} ${answer.text}`)
    assert.equal(typeof answer.body.RequestId, 'string')
    return answer.body
  }
  const refused = async (
    [status, code]: readonly [number, string],
    ...call: Parameters<typeof ram>
  ): Promise<void> => {
    const answer = await ram(...call)
    assert.deepEqual([answer.status, answer.body?.Code], [status, code], `${call[0]} ${answer.text}`)
  }
  const keyFrom = ({ AccessKey }: { AccessKey: Record<string, string> }): SigningKey => ({
    accessKeyId: AccessKey['AccessKeyId']!,
    accessKeySecret: AccessKey['AccessKeySecret']!,
  })
  const made = async (UserName: string): Promise<SigningKey> => {
    await did('CreateUser', { UserName })
    return keyFrom(await did('CreateAccessKey', { UserName }))
  }

  const trustOf = () =>
    JSON.stringify({
      Version: '1',
      Statement: [
        { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${account}:root`] } },
      ],
    })

  before(async () => {
    house = await openAlibabaHouse()
    account = await accountNumberOf(house.ctx, 'default')
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('users are made, shown, changed, listed by pages and deleted', async () => {
    const UserName = 'dev1'
    const { User } = await did('CreateUser', { UserName, DisplayName: '开发', Email: 'dev@example.com' })
    assert.equal(User.DisplayName, '开发')
    assert.match(User.CreateDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    await refused([409, 'EntityAlreadyExists.User'], 'CreateUser', { UserName })
    await refused([400, 'InvalidParameter.UserName'], 'CreateUser', { UserName: 'a/b' })
    await refused([400, 'MissingUserName'], 'CreateUser')
    const renamed = await did('UpdateUser', { UserName, NewUserName: 'dev2', NewComments: 'c' })
    assert.deepEqual([renamed.User.UserId, renamed.User.Email], [User.UserId, 'dev@example.com'])
    await refused([404, 'EntityNotExist.User'], 'GetUser', { UserName })
    assert.equal((await did('GetUser', { UserName: 'dev2' })).User.Comments, 'c')
    const page = await did('ListUsers', { MaxItems: '1' })
    assert.deepEqual([page.IsTruncated, page.Users.User.length], [true, 1])
    const rest = await did('ListUsers', { Marker: page.Marker })
    assert.equal(rest.IsTruncated, false)
    assert.ok(!rest.Users.User.some((u: { UserId: string }) => u.UserId === page.Users.User[0].UserId))
    await did('DeleteUser', { UserName: 'dev2' })
    await refused([404, 'EntityNotExist.User'], 'DeleteUser', { UserName: 'dev2' })
  })

  it('a user is one row, whichever face made it', async () => {
    await did('CreateUser', { UserName: 'shared', Email: 's@example.com' })
    const token = await house.admin()
    const shown = await house.call('GET', '/v3/users?name=shared', { token })
    assert.equal(shown.body.users[0].email, 's@example.com')
    const user = { name: 'from-keystone', domain_id: 'default' }
    await house.call('POST', '/v3/users', { token, body: { user } })
    const seen = await did('GetUser', { UserName: 'from-keystone' })
    assert.match(seen.User.UserId, /^[0-9a-f]{32}$/)
  })

  it('a key is shown once, never again, lies sealed, and is off, on and gone at once', async () => {
    const UserName = 'keys'
    const key = await made(UserName)
    assert.match(key.accessKeyId, /^LTAI[A-Z0-9]{16}$/)
    const listed = await ram('ListAccessKeys', { UserName })
    assert.equal(listed.body.AccessKeys.AccessKey[0].AccessKeyId, key.accessKeyId)
    assert.ok(!listed.text.includes(key.accessKeySecret))
    const rows = await house.ctx.store.db.selectFrom('access_key').selectAll().execute()
    const audit = await house.ctx.store.db.selectFrom('audit_event').selectAll().execute()
    assert.ok(!JSON.stringify([rows, audit]).includes(key.accessKeySecret))
    const second = await did('CreateAccessKey', { UserName })
    await refused([409, 'LimitExceeded.User.AccessKey'], 'CreateAccessKey', { UserName })
    await refused([409, 'DeleteConflict.User.AccessKey'], 'DeleteUser', { UserName })
    const who = () => house.send({ version: '2015-04-01', action: 'GetCallerIdentity', key })
    const UserAccessKeyId = key.accessKeyId
    assert.equal((await who()).status, 200)
    await did('UpdateAccessKey', { UserName, UserAccessKeyId, Status: 'Inactive' })
    assert.equal((await who()).body.Code, 'InvalidAccessKeyId.Inactive')
    await did('UpdateAccessKey', { UserName, UserAccessKeyId, Status: 'Active' })
    assert.equal((await who()).status, 200)
    await refused([400, 'InvalidParameter.Status'], 'UpdateAccessKey', {
      UserName,
      UserAccessKeyId,
      Status: 'Off',
    })
    await did('DeleteAccessKey', { UserName, UserAccessKeyId })
    assert.equal((await who()).body.Code, 'InvalidAccessKeyId.NotFound')
    const wrong = { UserName: 'shared', UserAccessKeyId: second.AccessKey.AccessKeyId }
    await refused([404, 'EntityNotExist.User.AccessKey'], 'DeleteAccessKey', wrong)
  })

  it('groups hold users and hand them their policies', async () => {
    const key = await made('member')
    const GroupName = 'readers'
    await did('CreateGroup', { GroupName, Comments: 'c' })
    await refused([409, 'EntityAlreadyExists.Group'], 'CreateGroup', { GroupName })
    await did('AttachPolicyToGroup', {
      GroupName,
      PolicyType: 'System',
      PolicyName: 'AliyunRAMReadOnlyAccess',
    })
    await refused([403, 'NoPermission'], 'ListGroups', {}, key)
    await did('AddUserToGroup', { GroupName, UserName: 'member' })
    await refused([409, 'EntityAlreadyExists.User.Group'], 'AddUserToGroup', {
      GroupName,
      UserName: 'member',
    })
    await did('ListGroups', {}, key)
    await refused([403, 'NoPermission'], 'CreateGroup', { GroupName: 'x' }, key)
    const { Users } = await did('ListUsersForGroup', { GroupName })
    assert.equal(Users.User[0].UserName, 'member')
    const { Groups } = await did('ListGroupsForUser', { UserName: 'member' })
    assert.equal(Groups.Group[0].GroupName, GroupName)
    await refused([409, 'DeleteConflict.Group.User'], 'DeleteGroup', { GroupName })
    await did('RemoveUserFromGroup', { GroupName, UserName: 'member' })
    await refused([403, 'NoPermission'], 'ListGroups', {}, key)
    await refused([404, 'EntityNotExist.User.Group'], 'RemoveUserFromGroup', {
      GroupName,
      UserName: 'member',
    })
    await refused([409, 'DeleteConflict.Group.Policy'], 'DeleteGroup', { GroupName })
  })

  it('policies have versions, of which the default one decides', async () => {
    const key = await made('versioned')
    const PolicyName = 'some'
    const custom = { PolicyName, PolicyType: 'Custom' }
    const read = documentOf(allow('ram:List*'))
    await did('CreatePolicy', { PolicyName, PolicyDocument: read, Description: 'd' })
    await refused([409, 'EntityAlreadyExists.Policy'], 'CreatePolicy', { PolicyName, PolicyDocument: read })
    await refused([400, 'InvalidParameter.PolicyDocument'], 'CreatePolicy', {
      PolicyName: 'bad',
      PolicyDocument: documentOf({ Effect: 'allow', Action: '*', Resource: '*' }),
    })
    await did('AttachPolicyToUser', { UserName: 'versioned', ...custom })
    await did('ListUsers', {}, key)
    const nothing = documentOf(allow('ecs:*'))
    const second = await did('CreatePolicyVersion', { PolicyName, PolicyDocument: nothing })
    assert.deepEqual([second.PolicyVersion.VersionId, second.PolicyVersion.IsDefaultVersion], ['v2', false])
    await did('ListUsers', {}, key)
    await did('SetDefaultPolicyVersion', { PolicyName, VersionId: 'v2' })
    await refused([403, 'NoPermission'], 'ListUsers', {}, key)
    const shown = await did('GetPolicy', custom)
    assert.deepEqual([shown.Policy.DefaultVersion, shown.Policy.AttachmentCount], ['v2', 1])
    assert.equal(shown.DefaultPolicyVersion.PolicyDocument, nothing)
    const first = await did('GetPolicyVersion', { ...custom, VersionId: 'v1' })
    assert.equal(first.PolicyVersion.PolicyDocument, read)
    await refused([409, 'DeleteConflict.PolicyVersion.Default'], 'DeletePolicyVersion', {
      PolicyName,
      VersionId: 'v2',
    })
    await did('DeletePolicyVersion', { PolicyName, VersionId: 'v1' })
    for (const n of [3, 4, 5, 6]) {
      const { PolicyVersion } = await did('CreatePolicyVersion', { PolicyName, PolicyDocument: read })
      assert.equal(PolicyVersion.VersionId, `v${n}`)
    }
    await refused([409, 'LimitExceeded.Policy.Version'], 'CreatePolicyVersion', {
      PolicyName,
      PolicyDocument: read,
    })
    const { PolicyVersions } = await did('ListPolicyVersions', custom)
    assert.equal(PolicyVersions.PolicyVersion.length, 5)
    const { Users } = await did('ListEntitiesForPolicy', custom)
    assert.equal(Users.User[0].UserName, 'versioned')
    await refused([409, 'DeleteConflict.Policy.User'], 'DeletePolicy', { PolicyName })
    await did('DetachPolicyFromUser', { UserName: 'versioned', ...custom })
    await refused([404, 'EntityNotExist.User.Policy'], 'DetachPolicyFromUser', {
      UserName: 'versioned',
      ...custom,
    })
    await did('DeletePolicy', { PolicyName, CascadingDelete: 'true' })
  })

  it('says of whom a policy is attached to what they say of themselves', async () => {
    const Principal = { RAM: [`acs:ram::${account}:root`] }
    const trust = JSON.stringify({
      Version: '1',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }],
    })
    const policy = { PolicyName: 'told', PolicyType: 'Custom' }
    await did('CreatePolicy', { ...policy, PolicyDocument: documentOf(allow('*')) })
    await did('CreateUser', { UserName: 'told', DisplayName: '开发' })
    await did('CreateGroup', { GroupName: 'told', Comments: 'a group' })
    await did('CreateRole', { RoleName: 'told', AssumeRolePolicyDocument: trust, Description: 'a role' })
    for (const kind of ['User', 'Group', 'Role']) {
      await did(`AttachPolicyTo${kind}`, { ...policy, [`${kind}Name`]: 'told' })
    }
    const { Users, Groups, Roles } = await did('ListEntitiesForPolicy', policy)
    assert.equal(Users.User[0].DisplayName, '开发')
    assert.equal(Groups.Group[0].Comments, 'a group')
    assert.equal(Roles.Role[0].Description, 'a role')
  })

  it('404 their own keys, named by nobody, for who signs in elsewhere under the name of a user', async () => {
    const foreign = await house.person('both', allow('ram:*'))
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set({ kind: 'federated' }).where('id', '=', foreign.userId).execute(),
    )
    const own = await house.person('both', allow('ram:*'))
    const UserAccessKeyId = own.accessKeyId
    for (const [action, parameters] of [
      ['CreateAccessKey', {}],
      ['ListAccessKeys', {}],
      ['GetAccessKeyLastUsed', { UserAccessKeyId }],
      ['UpdateAccessKey', { UserAccessKeyId, Status: 'Inactive' }],
      ['DeleteAccessKey', { UserAccessKeyId }],
    ] as const) {
      await refused([404, 'EntityNotExist.User'], action, parameters, foreign)
    }
    assert.equal((await did('ListAccessKeys', {}, own)).AccessKeys.AccessKey.length, 1)
  })

  it('system policies are there under their names, and nobody changes them', async () => {
    const { Policies } = await did('ListPolicies', { PolicyType: 'System' })
    const names = Policies.Policy.map(({ PolicyName }: { PolicyName: string }) => PolicyName)
    for (const name of [
      'AdministratorAccess',
      'ReadOnlyAccess',
      'AliyunRAMFullAccess',
      'AliyunEDASFullAccess',
    ]) {
      assert.ok(names.includes(name), name)
    }
    const PolicyName = 'AliyunEDASFullAccess'
    await refused([404, 'EntityNotExist.Policy'], 'DeletePolicy', { PolicyName })
    await refused([404, 'EntityNotExist.Policy'], 'CreatePolicyVersion', {
      PolicyName,
      PolicyDocument: documentOf(allow('*')),
    })
    const key = await made('edas')
    const attachment = { UserName: 'edas', PolicyName, PolicyType: 'System' }
    await did('AttachPolicyToUser', attachment)
    await refused([409, 'EntityAlreadyExists.User.Policy'], 'AttachPolicyToUser', attachment)
    assert.equal((await house.secureToken('cn-beijing', { key })).status, 200)
    const held = await did('ListPoliciesForUser', { UserName: 'edas' })
    assert.deepEqual(held.Policies.Policy[0].PolicyType, 'System')
    await did('DetachPolicyFromUser', attachment)
    assert.equal((await house.secureToken('cn-beijing', { key })).status, 403)
  })

  it('roles are made, assumed, changed and deleted', async () => {
    const RoleName = 'ci'
    const trust = (who: string) =>
      JSON.stringify({
        Version: '1',
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${account}:${who}`] } },
        ],
      })
    const given = { RoleName, AssumeRolePolicyDocument: trust('root') }
    const { Role } = await did('CreateRole', { ...given, MaxSessionDuration: '7200' })
    assert.equal(Role.Arn, `acs:ram::${account}:role/ci`)
    await refused([409, 'EntityAlreadyExists.Role'], 'CreateRole', given)
    for (const bad of ['{', documentOf(allow('*')), trust('group/x'), trust('user/*')]) {
      await refused([400, 'InvalidParameter.AssumeRolePolicyDocument'], 'CreateRole', {
        RoleName: 'bad',
        AssumeRolePolicyDocument: bad,
      })
    }
    await refused([400, 'InvalidParameter.MaxSessionDuration'], 'CreateRole', {
      ...given,
      MaxSessionDuration: '43201',
    })
    const policy = { RoleName, PolicyType: 'System', PolicyName: 'AdministratorAccess' }
    await did('AttachPolicyToRole', policy)
    const key = await made('runner')
    await did('AttachPolicyToUser', {
      UserName: 'runner',
      PolicyType: 'System',
      PolicyName: 'AliyunSTSAssumeRoleAccess',
    })
    const assume = () =>
      house.send({
        version: '2015-04-01',
        action: 'AssumeRole',
        parameters: { RoleArn: Role.Arn, RoleSessionName: 'ci-1', DurationSeconds: '7200' },
        key,
      })
    const { Credentials } = (await assume()).body
    const session = {
      accessKeyId: Credentials.AccessKeyId,
      accessKeySecret: Credentials.AccessKeySecret,
      securityToken: Credentials.SecurityToken,
    }
    await did('ListRoles', {}, session)
    // CVE-2020-12691, CVE-2026-33551: nothing that outlives the session comes of it.
    await refused([403, 'NoPermission'], 'CreateAccessKey', { UserName: 'runner' }, session)
    await refused([409, 'DeleteConflict.Role.Policy'], 'DeleteRole', { RoleName })
    const updated = await did('UpdateRole', {
      RoleName,
      NewAssumeRolePolicyDocument: trust('user/somebody'),
      NewMaxSessionDuration: '3600',
    })
    assert.equal(updated.Role.MaxSessionDuration, 3600)
    await refused([400, 'InvalidSecurityToken.Malformed'], 'ListRoles', {}, session)
    assert.equal((await assume()).status, 400)
    await did('DetachPolicyFromRole', policy)
    await did('DeleteRole', { RoleName })
    await refused([404, 'EntityNotExist.Role'], 'GetRole', { RoleName })
  })

  it('each action is decided on the ARN it is about', async () => {
    const key = await made('narrow')
    const PolicyName = 'narrow'
    await did('CreatePolicy', {
      PolicyName,
      PolicyDocument: documentOf(
        allow('ram:GetUser', `acs:ram:*:${account}:user/narrow`),
        allow('ram:AddUserToGroup', `acs:ram:*:${account}:user/narrow`),
        allow('ram:AttachPolicyToUser', [
          `acs:ram:*:${account}:user/*`,
          `acs:ram:*:${account}:policy/harmless`,
        ]),
        allow('ram:CreateUser', 'acs:ram:*:1000000000000000:user/*'),
      ),
    })
    await did('AttachPolicyToUser', { UserName: 'narrow', PolicyType: 'Custom', PolicyName })
    await did('GetUser', { UserName: 'narrow' }, key)
    await refused([403, 'NoPermission'], 'GetUser', { UserName: 'admin' }, key)
    await refused([403, 'NoPermission'], 'GetUser', { UserName: 'nobody-at-all' }, key)
    await refused([403, 'NoPermission'], 'CreateUser', { UserName: 'x' }, key)
    await did('CreateGroup', { GroupName: 'admins' })
    await refused([403, 'NoPermission'], 'AddUserToGroup', { UserName: 'narrow', GroupName: 'admins' }, key)
    for (const PolicyType of ['System', 'Custom']) {
      const to = { UserName: 'narrow', PolicyType, PolicyName: 'AdministratorAccess' }
      await refused([403, 'NoPermission'], 'AttachPolicyToUser', to, key)
    }
  })

  it('403 whoever may all of RAM takes over somebody whose rights are granted elsewhere (CVE-2020-12689)', async () => {
    const { ctx } = house
    const key = await house.person('ram-admin', allow('ram:*'))
    await ctx.store.write(async (tx) => {
      const role = await ensureRole(tx, 'member')
      const id = await ensureUser(tx, 'granted', 'default', ctx.now())
      const target = { kind: 'domain', id: 'default' } as const
      await insertGrant(tx, { actor: { kind: 'user', id }, target, inherited: false }, role)
    })
    await did('CreateGroup', { GroupName: 'granted' })
    const groups = await house.call('GET', '/v3/groups?name=granted', { token: await house.admin() })
    await ctx.store.write(async (tx) => {
      const role = await ensureRole(tx, 'admin')
      const actor = { kind: 'group', id: groups.body.groups[0].id } as const
      await insertGrant(tx, { actor, target: { kind: 'domain', id: 'default' }, inherited: false }, role)
    })
    for (const UserName of ['admin', 'granted']) {
      await refused([403, 'NoPermission'], 'CreateAccessKey', { UserName }, key)
      await refused([403, 'NoPermission'], 'DeleteUser', { UserName }, key)
      await refused([403, 'NoPermission'], 'UpdateUser', { UserName, NewUserName: 'mine' }, key)
    }
    const join = { UserName: 'ram-admin', GroupName: 'granted' }
    await refused([403, 'NoPermission'], 'AddUserToGroup', join, key)
    await refused([403, 'NoPermission'], 'DeleteGroup', { GroupName: 'granted' }, key)
    await refused([403, 'NoPermission'], 'UpdateGroup', { GroupName: 'granted', NewGroupName: 'mine' }, key)
    const { Role } = await did('CreateRole', { RoleName: 'granted', AssumeRolePolicyDocument: trustOf() })
    await ctx.store.write(async (tx) => {
      const actor = { kind: 'agency', id: Role.RoleId } as const
      const target = { kind: 'domain', id: 'default' } as const
      await insertGrant(tx, { actor, target, inherited: false }, await ensureRole(tx, 'admin'))
    })
    const RoleName = 'granted'
    await refused([403, 'NoPermission'], 'DeleteRole', { RoleName }, key)
    await refused([403, 'NoPermission'], 'UpdateRole', { RoleName, NewDescription: 'mine' }, key)
    await did('CreateUser', { UserName: 'harmless' }, key)
    await did('CreateAccessKey', { UserName: 'harmless' }, key)
  })

  it('404 things of another account, whatever their name (CVE-2019-19687)', async () => {
    const { ctx } = house
    const token = await house.admin()
    const domain = await house.call('POST', '/v3/domains', { token, body: { domain: { name: 'elsewhere' } } })
    await ctx.store.write((tx) => ensureUser(tx, 'theirs', domain.body.domain.id, ctx.now()))
    await refused([404, 'EntityNotExist.User'], 'GetUser', { UserName: 'theirs' })
    await refused([404, 'EntityNotExist.User'], 'CreateAccessKey', { UserName: 'theirs' })
    const { Users } = await did('ListUsers', { MaxItems: '1000' })
    assert.ok(!Users.User.some(({ UserName }: { UserName: string }) => UserName === 'theirs'))
  })

  it('pages hide and repeat nothing while others are made and deleted between them', async () => {
    const documents = {
      Role: { AssumeRolePolicyDocument: trustOf() },
      Policy: { PolicyDocument: documentOf(allow('edas:*')) },
    }
    for (const [noun, plural, rest] of [
      ['Role', 'Roles', {}],
      ['Policy', 'Policies', { PolicyType: 'Custom' }],
    ] as const) {
      const name = `${noun}Name`
      const listed = async (Marker?: string) => {
        const page = { ...rest, MaxItems: '3', ...(Marker === undefined ? {} : { Marker }) }
        const body = await did(`List${plural}`, page)
        const names: string[] = body[plural][noun].map((each: Record<string, string>) => each[name])
        return { names, next: body.IsTruncated ? String(body.Marker) : undefined }
      }
      const all = Array.from({ length: 9 }, (_, n) => `page-${n}`)
      for (const each of all) await did(`Create${noun}`, { [name]: each, ...documents[noun] })
      const seen: string[] = []
      let next: string | undefined = ''
      const gone: string[] = []
      while (next !== undefined) {
        const page: Awaited<ReturnType<typeof listed>> = await listed(next || undefined)
        seen.push(...page.names)
        next = page.next
        const told = page.names.filter((each) => each.startsWith('page-')).slice(0, 2)
        for (const each of told) await did(`Delete${noun}`, { [name]: each })
        gone.push(...told)
      }
      assert.ok(gone.length >= 4)
      assert.deepEqual(
        seen.filter((each) => each.startsWith('page-')).sort(),
        all,
        `${plural}: each once, though those that were told went`,
      )
    }
  })

  it('404 for whom somebody else deletes while something is given to them, and nothing is left of it', async (t) => {
    const { ctx } = house
    await did('CreatePolicy', { PolicyName: 'raced', PolicyDocument: documentOf(allow('edas:*')) })
    const policy = { PolicyName: 'raced', PolicyType: 'Custom' }
    const UserName = 'raced'
    const GroupName = 'raced'
    const RoleName = 'raced'
    const write = ctx.store.write.bind(ctx.store)
    for (const [noun, action, parameters] of [
      ['User', 'AddUserToGroup', { UserName, GroupName }],
      ['Group', 'AddUserToGroup', { UserName, GroupName }],
      ['User', 'UpdateUser', { UserName, NewComments: 'c' }],
      ['User', 'AttachPolicyToUser', { UserName, ...policy }],
      ['Group', 'AttachPolicyToGroup', { GroupName, ...policy }],
      ['Role', 'AttachPolicyToRole', { RoleName, ...policy }],
    ] as const) {
      for (const [made, given] of [
        ['User', { UserName }],
        ['Group', { GroupName }],
        ['Role', { RoleName, AssumeRolePolicyDocument: trustOf() }],
      ] as const) {
        const { status, body } = await ram(`Create${made}`, given)
        assert.ok(status === 200 || body.Code === `EntityAlreadyExists.${made}`, body.Code)
      }
      const shown = await did(`Get${noun}`, { [`${noun}Name`]: 'raced' })
      const ids = [String(shown[noun][`${noun}Id`])]
      const remove = { User: removeUsers, Group: removeGroups, Role: removeAgencies }[noun]
      const mocked = t.mock.method(ctx.store, 'write', async (...args: Parameters<typeof write>) => {
        mocked.mock.restore()
        await write((tx) => remove(tx, ids, ctx.now()))
        return write(...args)
      })
      await refused([404, `EntityNotExist.${noun}`], action, parameters)
      const left = await ctx.store.db
        .selectFrom('policy_attachment')
        .selectAll()
        .where('actor_id', '=', ids[0]!)
        .execute()
      assert.deepEqual(left, [], action)
    }
  })

  it('400 unsigned, for every action', async () => {
    for (const action of ['ListUsers', 'CreateUser', 'CreateAccessKey', 'AttachPolicyToUser']) {
      const answer = await house.send({ version: '2015-05-01', action, key: null })
      assert.equal(answer.status, 400, answer.text)
    }
  })
})
