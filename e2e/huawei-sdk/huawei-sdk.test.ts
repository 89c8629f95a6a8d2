/** The official SDK drives the Huawei Cloud face of a real process, with permanent and with temporary keys. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, startServer, tokenhouse } from '../../tools/running-server.ts'
import { type Client, type Credentials, core, IamClientV5, iam, type Key, modelV5 } from './sdk.ts'

const PASSWORD = 'Correct-Horse-7'

interface Named {
  readonly id: string
  readonly name: string
}

describe('the official SDK', () => {
  let folder = ''
  let server: RunningServer
  let endpoint = ''
  const account: Record<string, string> = {}

  /** The operator's admin by the OpenStack face: accounts, people, grants. */
  const admin = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { 'X-Auth-Token': account['adminToken'] ?? '', 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? {} : JSON.parse(text)) as Answer
  }
  const keys: Record<string, Key> = {}
  const keyOf = (domain: string): Key => keys[domain] ?? { access: '', secret: '' }
  const clientFor = (credentials: Credentials): Client =>
    iam.IamClient.newBuilder()
      .withCredential(credentials.withIamEndpoint(endpoint))
      .withEndpoint(endpoint)
      .build()
  const globalFor = (key: Key): Client =>
    clientFor(new core.GlobalCredentials().withAk(key.access).withSk(key.secret))
  const regional = (credentials: Credentials): Client =>
    iam.IamClient.newBuilder()
      .withCredential(credentials.withIamEndpoint(endpoint))
      .withRegion(new core.Region('cn-north-4', endpoint))
      .build()

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'huawei-sdk-'))
    server = await startServer({ dataDir: folder, adminPassword: PASSWORD })
    endpoint = server.faces['huawei'] ?? ''
    account['adminToken'] = JSON.parse(tokenhouse(folder, 'token', 'issue', '--json')).token
    const { roles } = await admin<{ roles: readonly Named[] }>('GET', '/roles')
    const role = (name: string): string => roles.find((known) => known.name === name)?.id ?? ''
    for (const name of ['IAMDomainA', 'IAMDomainB']) {
      const { domain } = await admin<{ domain: Named }>('POST', '/domains', { domain: { name } })
      const { project } = await admin<{ project: Named }>('POST', '/projects', {
        project: { name: 'cn-north-4', domain_id: domain.id },
      })
      const { user } = await admin<{ user: Named }>('POST', '/users', {
        user: { name: `user-${name}`, domain_id: domain.id, password: PASSWORD },
      })
      account[name] = domain.id
      account[`project-${name}`] = project.id
      account[`user-${name}`] = user.id
      keys[name] = JSON.parse(
        tokenhouse(folder, 'access-key', 'create', '--user', `user-${name}`, '--domain', name, '--json'),
      )
      await admin('PUT', `/projects/${project.id}/users/${user.id}/roles/${role('te_admin')}`)
      for (const granted of ['secu_admin', 'te_agency']) {
        await admin('PUT', `/domains/${domain.id}/users/${user.id}/roles/${role(granted)}`)
      }
    }
    account['te_admin'] = role('te_admin')
  })
  after(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('finds its project and its account by an access key alone', async () => {
    const key = keyOf('IAMDomainB')
    const basic = new core.BasicCredentials().withAk(key.access).withSk(key.secret)
    await regional(basic).keystoneListProjects(new iam.KeystoneListProjectsRequest())
    assert.equal(basic.projectId, account['project-IAMDomainB'])
    const global = new core.GlobalCredentials().withAk(key.access).withSk(key.secret)
    await regional(global).keystoneListAuthDomains(new iam.KeystoneListAuthDomainsRequest())
    assert.equal(global.domainId, account['IAMDomainB'])
  })

  it('makes an agency, grants it a role, acts as it with temporary keys, until it is deleted', async () => {
    const a = globalFor(keyOf('IAMDomainA'))
    const option = new iam.CreateAgencyOption('sdk-agency', account['IAMDomainA']).withTrustDomainName(
      'IAMDomainB',
    )
    const made = await a.createAgency(
      new iam.CreateAgencyRequest().withBody(new iam.CreateAgencyRequestBody(option.withDuration('ONEDAY'))),
    )
    assert.equal(made.agency.duration, '24')
    const { id } = made.agency
    // The SDK takes the project of these paths from the credentials.
    const key = keyOf('IAMDomainA')
    const onProject = clientFor(
      new core.BasicCredentials()
        .withAk(key.access)
        .withSk(key.secret)
        .withProjectId(account['project-IAMDomainA']),
    )
    await onProject.associateAgencyWithProjectPermission(
      new iam.AssociateAgencyWithProjectPermissionRequest(id, account['te_admin']),
    )
    const granted = await onProject.listProjectPermissionsForAgency(
      new iam.ListProjectPermissionsForAgencyRequest(id),
    )
    assert.equal(granted.roles[0]?.name, 'te_admin')

    const b = globalFor(keyOf('IAMDomainB'))
    const assume = new iam.IdentityAssumerole('sdk-agency')
      .withDomainName('IAMDomainA')
      .withDurationSeconds(900)
    const identity = new iam.AgencyAuthIdentity(['assume_role'], assume)
    const body = new iam.CreateTemporaryAccessKeyByAgencyRequestBody(new iam.AgencyAuth(identity))
    const temporary = await b.createTemporaryAccessKeyByAgency(
      new iam.CreateTemporaryAccessKeyByAgencyRequest().withBody(body),
    )
    const { access, secret, securitytoken } = temporary.credential
    const credentials = new core.BasicCredentials()
      .withAk(access)
      .withSk(secret)
      .withSecurityToken(securitytoken)
    const asAgency = clientFor(credentials.withProjectId(account['project-IAMDomainA']))
    const projects = await asAgency.keystoneListProjects(new iam.KeystoneListProjectsRequest())
    assert.deepEqual(
      projects.projects.map((project) => project.id),
      [account['project-IAMDomainA']],
    )
    await a.deleteAgency(new iam.DeleteAgencyRequest(id))
    await assert.rejects(asAgency.keystoneListProjects(new iam.KeystoneListProjectsRequest()), {
      httpStatusCode: 401,
    })
  })

  it('gets an agency token with a signed request', async () => {
    const a = globalFor(keyOf('IAMDomainA'))
    const option = new iam.CreateAgencyOption('token-agency', account['IAMDomainA']).withTrustDomainId(
      account['IAMDomainB'],
    )
    const made = await a.createAgency(
      new iam.CreateAgencyRequest().withBody(new iam.CreateAgencyRequestBody(option)),
    )
    await a.associateAgencyWithDomainPermission(
      new iam.AssociateAgencyWithDomainPermissionRequest(
        account['IAMDomainA'],
        made.agency.id,
        account['te_admin'],
      ),
    )
    const b = globalFor(keyOf('IAMDomainB'))
    const assume = new iam.AgencyTokenAssumerole('token-agency').withDomainName('IAMDomainA')
    const auth = new iam.AgencyTokenAuth(new iam.AgencyTokenIdentity(['assume_role'], assume))
    const issued = await b.keystoneCreateAgencyToken(
      new iam.KeystoneCreateAgencyTokenRequest().withBody(new iam.KeystoneCreateAgencyTokenRequestBody(auth)),
    )
    assert.equal(issued.token.user.name, 'IAMDomainA/token-agency')
    assert.equal(issued.token.assumed_by.user.id, account['user-IAMDomainB'])
  })

  it('manages access keys, its own and temporary ones by token', async () => {
    const b = globalFor(keyOf('IAMDomainB'))
    const listed = await b.listPermanentAccessKeys(
      new iam.ListPermanentAccessKeysRequest().withUserId(account['user-IAMDomainB']),
    )
    assert.ok(listed.credentials.length > 0)
    const shown = await b.showPermanentAccessKey(
      new iam.ShowPermanentAccessKeyRequest(listed.credentials[0]?.access),
    )
    assert.equal(shown.credential.status, 'active')
    const identity = new iam.TokenAuthIdentity(['token']).withToken(
      new iam.IdentityToken().withDurationSeconds(900),
    )
    const made = await b.createTemporaryAccessKeyByToken(
      new iam.CreateTemporaryAccessKeyByTokenRequest().withBody(
        new iam.CreateTemporaryAccessKeyByTokenRequestBody(new iam.TokenAuth(identity)),
      ),
    )
    const { access, secret, securitytoken } = made.credential
    const temporary = clientFor(
      new core.GlobalCredentials()
        .withAk(access)
        .withSk(secret)
        .withSecurityToken(securitytoken)
        .withDomainId(account['IAMDomainB']),
    )
    const users = await temporary.keystoneListUsers(new iam.KeystoneListUsersRequest())
    assert.deepEqual(
      users.users.map((user) => user.id),
      [account['user-IAMDomainB']],
    )
  })

  it('gets a token by password, asks what it is worth, and is told when it is none', async () => {
    const b = globalFor(keyOf('IAMDomainB'))
    const domain = new iam.PwdPasswordUserDomain('IAMDomainB')
    const user = new iam.PwdPasswordUser(domain, 'user-IAMDomainB', PASSWORD)
    const identity = new iam.PwdIdentity(['password'], new iam.PwdPassword(user))
    const scope = new iam.AuthScope().withProject(
      new iam.AuthScopeProject().withId(account['project-IAMDomainB']),
    )
    const body = new iam.KeystoneCreateUserTokenByPasswordRequestBody(
      new iam.PwdAuth(identity).withScope(scope),
    )
    const issued = await b.keystoneCreateUserTokenByPassword(
      new iam.KeystoneCreateUserTokenByPasswordRequest().withBody(body),
    )
    assert.equal(issued.token.project.id, account['project-IAMDomainB'])
    assert.equal(issued.token.user.id, account['user-IAMDomainB'])
    const subject = issued['X-Subject-Token']
    assert.ok(subject)
    const shown = await b.keystoneValidateToken(new iam.KeystoneValidateTokenRequest(subject))
    assert.equal(shown.token.user.id, account['user-IAMDomainB'])
    await assert.rejects(b.keystoneValidateToken(new iam.KeystoneValidateTokenRequest('MIIatAYJ')), {
      httpStatusCode: 404,
    })
  })

  it('makes, switches off and deletes access keys; grants on the account, a project and all projects', async () => {
    const a = globalFor(keyOf('IAMDomainA'))
    const made = await a.createUser(
      new iam.CreateUserRequest().withBody(
        new iam.CreateUserRequestBody(
          new iam.CreateUserOption('robot', account['IAMDomainA']).withPassword(PASSWORD),
        ),
      ),
    )
    const option = new iam.CreateCredentialOption(made.user.id).withDescription('by the SDK')
    const { credential } = await a.createPermanentAccessKey(
      new iam.CreatePermanentAccessKeyRequest().withBody(new iam.CreatePermanentAccessKeyRequestBody(option)),
    )
    const robot = globalFor(credential)
    const own = await robot.listPermanentAccessKeys(new iam.ListPermanentAccessKeysRequest())
    assert.deepEqual(
      own.credentials.map((key) => [key.access, key.secret]),
      [[credential.access, undefined]],
    )
    const off = new iam.UpdateCredentialOption().withStatus('inactive')
    await a.updatePermanentAccessKey(
      new iam.UpdatePermanentAccessKeyRequest(credential.access).withBody(
        new iam.UpdatePermanentAccessKeyRequestBody(off),
      ),
    )
    await assert.rejects(robot.listPermanentAccessKeys(new iam.ListPermanentAccessKeysRequest()), {
      httpStatusCode: 401,
    })
    await a.deletePermanentAccessKey(new iam.DeletePermanentAccessKeyRequest(credential.access))

    const agency = await a.createAgency(
      new iam.CreateAgencyRequest().withBody(
        new iam.CreateAgencyRequestBody(
          new iam.CreateAgencyOption('granted', account['IAMDomainA']).withTrustDomainName('IAMDomainB'),
        ),
      ),
    )
    const { id } = agency.agency
    const [domainId, role] = [account['IAMDomainA'], account['te_admin']]
    await a.associateAgencyWithDomainPermission(
      new iam.AssociateAgencyWithDomainPermissionRequest(domainId, id, role),
    )
    await a.associateAgencyWithAllProjectsPermission(
      new iam.AssociateAgencyWithAllProjectsPermissionRequest(id, domainId, role),
    )
    const listed = await a.listAllProjectsPermissionsForAgency(
      new iam.ListAllProjectsPermissionsForAgencyRequest(id, domainId),
    )
    assert.equal(listed.roles[0]?.display_name, 'Tenant Administrator')
    await a.removeDomainPermissionFromAgency(
      new iam.RemoveDomainPermissionFromAgencyRequest(domainId, id, role),
    )
    const left = await a.listDomainPermissionsForAgency(
      new iam.ListDomainPermissionsForAgencyRequest(domainId, id),
    )
    assert.deepEqual(left.roles, [])
    const all = await a.listAgencies(new iam.ListAgenciesRequest(domainId))
    assert.ok(all.agencies.some((known) => known.id === id && known.duration === 'FOREVER'))
  })

  it('reads and sets what an account demands of its people', async () => {
    const a = globalFor(keyOf('IAMDomainA'))
    const domainId = account['IAMDomainA']
    const option = new iam.PasswordPolicyOption().withMinimumPasswordLength(10)
    await a.updateDomainPasswordPolicy(
      new iam.UpdateDomainPasswordPolicyRequest(domainId).withBody(
        new iam.UpdateDomainPasswordPolicyRequestBody(option),
      ),
    )
    const shown = await a.showDomainPasswordPolicy(new iam.ShowDomainPasswordPolicyRequest(domainId))
    assert.equal(shown.password_policy.minimum_password_length, 10)
    const protects = await a.listUserLoginProtects(new iam.ListUserLoginProtectsRequest())
    assert.deepEqual(protects.login_protects, [])
  })

  it('makes a v5 agency with a policy, which is assumed as long as its trust policy says so', async () => {
    const { access, secret } = keyOf('IAMDomainA')
    const a = IamClientV5.newBuilder()
      .withCredential(
        new core.GlobalCredentials().withAk(access).withSk(secret).withDomainId(account['IAMDomainA']),
      )
      .withEndpoint(endpoint)
      .build()
    const trusting = (accountId: string | undefined): string => {
      const [Action, Principal] = [['sts:agencies:assume'], { IAM: [accountId] }]
      return JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action, Principal }] })
    }
    const { agency } = await a.createAgencyV5(
      new (modelV5('CreateAgencyV5Request'))().withBody(
        new (modelV5('CreateAgencyReqBody'))('sdk-v5', trusting(account['IAMDomainB']))
          .withPath('ci/')
          .withMaxSessionDuration(7200),
      ),
    )
    const policy = { Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['cse:namespace:read'] }] }
    const made = await a.createPolicyV5(
      new (modelV5('CreatePolicyV5Request'))().withBody(
        new (modelV5('CreatePolicyReqBody'))('sdk-policy', JSON.stringify(policy)),
      ),
    )
    await a.attachAgencyPolicyV5(
      new (modelV5('AttachAgencyPolicyV5Request'))(made.policy.policy_id).withBody(
        new (modelV5('AttachAgencyPolicyReqBody'))(agency.agency_id),
      ),
    )
    const attached = await a.listAttachedAgencyPoliciesV5(
      new (modelV5('ListAttachedAgencyPoliciesV5Request'))(agency.agency_id),
    )
    assert.deepEqual(
      attached.attached_policies.map(({ policy_name }) => policy_name),
      ['sdk-policy'],
    )
    const listed = await a.listAgenciesV5(
      new (modelV5('ListAgenciesV5Request'))().withPathPrefix('ci/').withLimit(1),
    )
    assert.deepEqual(
      [listed.agencies.map(({ urn }) => urn), listed.page_info.current_count],
      [[agency.urn], 1],
    )
    const assume = async () => {
      const user = { name: 'user-IAMDomainB', password: PASSWORD, domain: { name: 'IAMDomainB' } }
      const auth = { identity: { methods: ['password'], password: { user } } }
      const headers = { 'Content-Type': 'application/json' }
      const signedIn = await fetch(`${endpoint}/v3/auth/tokens`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ auth }),
      })
      const token = signedIn.headers.get('x-subject-token') ?? ''
      const answer = await fetch(`${endpoint}/v5/agencies/assume`, {
        method: 'POST',
        headers: { ...headers, 'X-Auth-Token': token },
        body: JSON.stringify({ agency_urn: agency.urn, agency_session_name: 'sdk', duration_seconds: 7200 }),
      })
      return answer.status
    }
    assert.equal(await assume(), 200)
    await a.updateTrustPolicyV5(
      new (modelV5('UpdateTrustPolicyV5Request'))(agency.agency_id).withBody(
        new (modelV5('UpdateTrustPolicyReqBody'))(trusting('somebody-else')),
      ),
    )
    assert.equal(await assume(), 404)
    const shown = await a.getAgencyV5(new (modelV5('GetAgencyV5Request'))(agency.agency_id))
    assert.equal(shown.agency.trust_policy, trusting('somebody-else').replace(/\s/g, ''))
    await a.deleteAgencyV5(new (modelV5('DeleteAgencyV5Request'))(agency.agency_id))
    await assert.rejects(a.getAgencyV5(new (modelV5('GetAgencyV5Request'))(agency.agency_id)), {
      httpStatusCode: 404,
    })
  })

  it('tells a wrong secret from the server’s answer', async () => {
    const wrong = globalFor({ access: 'HPUAABCDEFGHIJKLMNOP', secret: 'wrong' })
    await assert.rejects(wrong.keystoneListAuthDomains(new iam.KeystoneListAuthDomainsRequest()), {
      httpStatusCode: 401,
    })
  })
})
