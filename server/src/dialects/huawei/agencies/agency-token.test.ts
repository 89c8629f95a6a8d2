import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AddressList } from '../../../core/account-security.ts'
import { putAccountSecurity } from '../../../store/accounts.ts'
import { updateAgency } from '../../../store/agencies.ts'
import { deleteGrant, insertGrant } from '../../../store/assignments.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../../../testing/huawei.ts'
import { PASSWORD, seedGrant, seedUser } from '../../../testing/seed.ts'

/** Document 002, "Obtaining an agency token", and what it must never give. */
describe('agency tokens', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let operator: string
  let administrator: string
  let agency: string

  const roleId = async (name: string): Promise<string> => {
    const { body } = await face.call('GET', `/v3/roles?name=${name}`, { token: administrator })
    return body.roles[0].id
  }
  const assume = (scope: unknown, options: { token?: string; query?: string; assume_role?: object } = {}) =>
    face.call('POST', `/v3/auth/tokens${options.query ?? ''}`, {
      token: options.token ?? operator,
      body: {
        auth: {
          identity: {
            methods: ['assume_role'],
            assume_role: options.assume_role ?? { domain_name: 'IAMDomainA', agency_name: 'IAMAgency' },
          },
          ...(scope === undefined ? {} : { scope }),
        },
      },
    })
  const validate = (subject: string) =>
    face.call('GET', '/v3/auth/tokens', { token: subject, headers: { 'x-subject-token': subject } })
  const createAgency = (name: string, more: object = {}) =>
    face.call('POST', '/v3.0/OS-AGENCY/agencies', {
      token: administrator,
      body: {
        agency: { name, domain_id: two.a, trust_domain_name: 'IAMDomainB', duration: 'FOREVER', ...more },
      },
    })
  const grant = async (id: string, role = 'te_admin') => {
    const [domain, project] = [two.a, two.projectA]
    const roleIdent = await roleId(role)
    for (const path of [`domains/${domain}`, `projects/${project}`]) {
      const answer = await face.call('PUT', `/v3.0/OS-AGENCY/${path}/agencies/${id}/roles/${roleIdent}`, {
        token: administrator,
      })
      assert.equal(answer.status, 204, answer.text)
    }
  }

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    operator = await face.token({ name: 'IAMUserB', domain: two.b })
    administrator = await face.token({ name: 'IAMUserA', domain: two.a })
    const created = await createAgency('IAMAgency')
    assert.equal(created.status, 201, created.text)
    agency = created.body.agency.id
    await grant(agency)
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  it('201 document 002, example 1: the whole account', async () => {
    const answer = await assume({ domain: { name: 'IAMDomainA' } })
    assert.equal(answer.status, 201, answer.text)
    const { token } = answer.body
    assert.deepEqual(Object.keys(token).sort(), [
      'assumed_by',
      'catalog',
      'domain',
      'expires_at',
      'issued_at',
      'methods',
      'roles',
      'user',
    ])
    assert.deepEqual(token.methods, ['assume_role'])
    assert.deepEqual(token.domain, { id: two.a, name: 'IAMDomainA' })
    assert.deepEqual(token.roles, [{ id: '0', name: 'te_admin' }])
    assert.deepEqual(token.user, { domain: token.domain, id: agency, name: 'IAMDomainA/IAMAgency' })
    assert.deepEqual(token.assumed_by, {
      user: {
        domain: { id: two.b, name: 'IAMDomainB' },
        id: two.userB,
        name: 'IAMUserB',
        password_expires_at: '',
      },
    })
    assert.match(token.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    const subject = answer.headers['x-subject-token'] ?? ''
    const shown = await validate(subject)
    assert.equal(shown.status, 200, shown.text)
    assert.deepEqual(shown.body, answer.body)
  })

  it('201 document 002, example 2: a project by name, without the catalog', async () => {
    for (const query of ['?nocatalog=true', '?nocatalog']) {
      const answer = await assume({ project: { name: 'ap-southeast-1' } }, { query })
      assert.equal(answer.status, 201, answer.text)
      const { token } = answer.body
      assert.deepEqual(token.catalog, [])
      assert.deepEqual(token.project, {
        domain: { id: two.a, name: 'IAMDomainA' },
        id: two.projectA,
        name: 'ap-southeast-1',
      })
      assert.equal('domain' in token, false)
    }
  })

  it('201 a project beside a domain wins, an empty scope is the account, xrole_name names the agency', async () => {
    const both = await assume({ domain: { name: 'IAMDomainA' }, project: { name: 'ap-southeast-1' } })
    assert.equal(both.body.token.project.id, two.projectA)
    for (const scope of [{}, undefined]) assert.equal((await assume(scope)).body.token.domain.id, two.a)
    const sent = { domain_id: two.a, xrole_name: 'IAMAgency', restrict: { roles: [] } }
    assert.equal((await assume(undefined, { assume_role: sent })).status, 201)
  })

  it('201 a list of roles restricts to them', async () => {
    const some = { domain_id: two.a, xrole_name: 'IAMAgency', restrict: { roles: ['te_admin'] } }
    assert.deepEqual((await assume(undefined, { assume_role: some })).body.token.roles, [
      { id: '0', name: 'te_admin' },
    ])
    const none = { ...some, restrict: { roles: ['readonly'] } }
    assert.equal((await assume(undefined, { assume_role: none })).status, 404)
  })

  it('400 a restriction to more roles than a token can name', async () => {
    const many = Array.from({ length: 10 }, (_, i) => `${i}`.padEnd(32, 'a'))
    const restrict = { roles: ['te_admin', ...many] }
    const sent = { domain_id: two.a, agency_name: 'IAMAgency', restrict }
    assert.equal((await assume(undefined, { assume_role: sent })).status, 400)
  })

  it('400 nothing named, two names that disagree, beside another method', async () => {
    for (const assume_role of [
      {},
      { agency_name: 'IAMAgency' },
      { domain_name: 'IAMDomainA' },
      { domain_id: two.a, domain_name: 'IAMDomainB', agency_name: 'IAMAgency' },
      { domain_id: two.a, agency_name: 'IAMAgency', xrole_name: 'other' },
    ]) {
      const answer = await assume(undefined, { assume_role })
      assert.equal(answer.status, 400, JSON.stringify(assume_role))
      assert.deepEqual(answer.body, {
        error: { code: 400, message: 'The request body is invalid', title: 'Bad Request' },
      })
    }
    const assume_role = { domain_name: 'IAMDomainA', agency_name: 'IAMAgency' }
    const identity = { methods: ['token', 'assume_role'], token: { id: operator }, assume_role }
    const both = await face.call('POST', '/v3/auth/tokens', { token: operator, body: { auth: { identity } } })
    assert.equal(both.status, 400, both.text)
  })

  it('403 a system token asks for the account, named or not', async () => {
    await seedGrant(house, two.userB, 'reader', 'system')
    const id = await house.login(two.userB, PASSWORD, { system: { all: true } })
    const identity = { methods: ['token'], token: { id } }
    for (const scope of [undefined, {}, { domain: { id: two.b } }]) {
      const auth = { identity, ...(scope && { scope }) }
      const answer = await face.call('POST', '/v3/auth/tokens', { body: { auth } })
      assert.equal(answer.status, 403, answer.text)
    }
  })

  it('404 a role of RAM, though it trusts the account and its name is right', async () => {
    const { body } = await createAgency('Ram')
    await grant(body.agency.id)
    const assume_role = { domain_name: 'IAMDomainA', agency_name: 'Ram' }
    assert.equal((await assume(undefined, { assume_role })).status, 201)
    await house.ctx.store.write((tx) =>
      tx.updateTable('agency').set({ kind: 'role' }).where('id', '=', body.agency.id).execute(),
    )
    assert.equal((await assume(undefined, { assume_role })).status, 404)
  })

  it('404 an agency whose time is over, and no token of it lasts longer', async () => {
    const { body } = await createAgency('Ending', { duration: 'ONEDAY' })
    await grant(body.agency.id)
    const assume_role = { domain_name: 'IAMDomainA', agency_name: 'Ending' }
    await house.ctx.store.write((tx) =>
      updateAgency(tx, body.agency.id, { expiresAt: house.ctx.now() + 60e6 }),
    )
    const answer = await assume(undefined, { assume_role })
    assert.equal(answer.status, 201, answer.text)
    assert.ok(Date.parse(answer.body.token.expires_at) <= house.ctx.now() / 1000 + 60_000)
    await house.ctx.store.write((tx) => updateAgency(tx, body.agency.id, { expiresAt: house.ctx.now() - 1 }))
    assert.equal((await assume(undefined, { assume_role })).status, 404)
    assert.equal((await validate(answer.headers['x-subject-token'] ?? '')).status, 401)
  })

  it('401 no token, and one that is none', async () => {
    for (const token of ['', 'gAAAAAB']) {
      const answer = await assume(undefined, { token })
      assert.equal(answer.status, 401)
      assert.deepEqual(answer.body, {
        error: { code: 401, message: 'The X-Auth-Token is invalid!', title: 'Unauthorized' },
      })
    }
  })

  it('403 without Agent Operator, whatever is asked for', async () => {
    const plain = await seedUser(house, 'Plain', two.b)
    await seedGrant(house, plain, 'te_admin', { domain: two.b })
    const token = await face.token({ name: 'Plain', domain: two.b })
    for (const name of ['IAMAgency', 'no such agency']) {
      const answer = await assume(undefined, {
        token,
        assume_role: { domain_name: 'IAMDomainA', agency_name: name },
      })
      assert.equal(answer.status, 403)
      assert.deepEqual(answer.body, {
        error: { code: 403, message: 'You have no right to do this action', title: 'Forbidden' },
      })
    }
  })

  it('404 the same bytes for no account, no agency, one that trusts others, and a scope elsewhere', async () => {
    const other = await createAgency('ForA', { trust_domain_name: 'IAMDomainA' })
    await grant(other.body.agency.id)
    const answers = [
      await assume(undefined, { assume_role: { domain_name: 'nowhere', agency_name: 'IAMAgency' } }),
      await assume(undefined, { assume_role: { domain_name: 'IAMDomainA', agency_name: 'nothing' } }),
      await assume(undefined, { assume_role: { domain_name: 'IAMDomainA', agency_name: 'ForA' } }),
      await assume({ domain: { id: two.b } }),
      await assume({ project: { id: two.projectB } }),
      await assume({ project: { name: 'nowhere' } }),
    ]
    for (const answer of answers) {
      assert.equal(answer.status, 404, answer.text)
      assert.equal(answer.text, answers[0]?.text)
      assert.equal(answer.body.error.title, 'Not Found')
    }
  })

  it('404 a scope of another account, even with a grant there that nobody could make here', async () => {
    const { body } = await face.call('GET', '/v3/roles?name=te_admin', { token: administrator })
    const actor = { kind: 'agency', id: agency } as const
    const place = { actor, target: { kind: 'project', id: two.projectB } as const, inherited: false }
    await house.ctx.store.write((tx) => insertGrant(tx, place, body.roles[0].id))
    assert.equal((await assume({ project: { id: two.projectB } })).status, 404)
    await house.ctx.store.write((tx) => deleteGrant(tx, place, body.roles[0].id))
  })

  it('403 from an address that either account does not allow, to act as the agency and with its token', async () => {
    const [first, second] = [await assume(undefined), await assume(undefined)]
    const subjects = [first, second].map(({ headers }) => headers['x-subject-token'] ?? '')
    const nowhere = { allow_address_netmasks: [], allow_ip_ranges: [{ ip_range: '192.0.2.1-192.0.2.2' }] }
    const everywhere = { ...nowhere, allow_ip_ranges: [{ ip_range: '0.0.0.0-255.255.255.255' }] }
    const set = (account: string, apiAddresses: AddressList) =>
      house.ctx.store.write((tx) => putAccountSecurity(tx, account, { apiAddresses }))
    for (const account of [two.a, two.b]) {
      await set(account, nowhere)
      assert.equal((await assume(undefined)).status, 403, account)
      const assume_role = { domain_id: two.a, agency_name: 'IAMAgency' }
      const auth = { identity: { methods: ['assume_role'], assume_role }, scope: { domain: { id: two.a } } }
      const byKeystone = await house.call('POST', '/v3/auth/tokens', { token: operator, body: { auth } })
      assert.equal(byKeystone.status, 403, account)
      const identity = { methods: ['assume_role'], assume_role }
      const keyPath = '/v3.0/OS-CREDENTIAL/securitytokens'
      const key = await face.call('POST', keyPath, { token: operator, body: { auth: { identity } } })
      assert.equal(key.status, 403, account)
      for (const subject of subjects) assert.equal((await validate(subject)).status, 403, account)
      await set(account, everywhere)
      assert.equal((await validate(subjects[0] ?? '')).status, 200, account)
    }
  })

  it('404 a project of another account by its id, to an agency of a whole account', async () => {
    const token = (await assume(undefined)).headers['x-subject-token'] ?? ''
    const own = await face.call('GET', `/v3-ext/projects/${two.projectA}`, { token })
    assert.equal(own.status, 200, own.text)
    const other = await face.call('GET', `/v3-ext/projects/${two.projectB}`, { token })
    assert.equal(other.status, 404, other.text)
  })

  it('an agency token never outlives the agency, nor the token it was had with', async () => {
    const short = await createAgency('Short', { duration: 'ONEDAY' })
    assert.equal(short.body.agency.duration, '24')
    await grant(short.body.agency.id)
    house.advance(3600)
    const fresh = await face.token({ name: 'IAMUserB', domain: two.b })
    const named = { domain_name: 'IAMDomainA', agency_name: 'Short' }
    const answer = await assume(undefined, { token: fresh, assume_role: named })
    assert.ok(Date.parse(answer.body.token.expires_at) <= Date.parse(`${short.body.agency.expire_time}Z`))
    const older = await assume(undefined)
    const parent = await validate(operator)
    assert.ok(Date.parse(older.body.token.expires_at) <= Date.parse(parent.body.token.expires_at))
  })

  it('403 an agency token acts as no further agency and is rescoped nowhere', async () => {
    const answer = await assume(undefined)
    const token = answer.headers['x-subject-token'] ?? ''
    assert.equal((await assume(undefined, { token })).status, 403)
    const rescoped = await face.call('POST', '/v3/auth/tokens', {
      body: {
        auth: { identity: { methods: ['token'], token: { id: token } }, scope: { domain: { id: two.a } } },
      },
    })
    assert.equal(rescoped.status, 403)
  })

  it('CVE-2026-43000: 403 an application credential acts as no agency, whatever role it carries', async () => {
    const user = await seedUser(house, 'Automaton', two.b)
    await seedGrant(house, user, 'te_agency', { project: two.projectB })
    const own = await face.token({ name: 'Automaton', domain: two.b }, { project: { id: two.projectB } })
    assert.equal((await assume(undefined, { token: own })).status, 201)
    const made = await face.call('POST', `/v3/users/${user}/application_credentials`, {
      token: own,
      body: { application_credential: { name: 'bot', unrestricted: true } },
    })
    const { id, secret } = made.body.application_credential
    const identity = { methods: ['application_credential'], application_credential: { id, secret } }
    const issued = await house.call('POST', '/v3/auth/tokens', { body: { auth: { identity } } })
    assert.equal(issued.status, 201)
    const token = issued.headers['x-subject-token'] ?? ''
    assert.equal((await assume(undefined, { token })).status, 403)
  })

  const voids = async (undo: (() => Promise<unknown>) | undefined, act: () => Promise<unknown>) => {
    const fresh = await face.token({ name: 'IAMUserB', domain: two.b })
    const token = (await assume(undefined, { token: fresh })).headers['x-subject-token'] ?? ''
    assert.equal((await validate(token)).status, 200)
    await act()
    assert.equal((await validate(token)).status, 401)
    await undo?.()
  }
  const flip = (table: 'project' | 'user', id: string, enabled: 0 | 1) => () =>
    house.ctx.store.write((tx) => tx.updateTable(table).set({ enabled }).where('id', '=', id).execute())

  it('401 at once when either account or the user is disabled, or the role is taken away', async () => {
    await voids(flip('project', two.b, 1), flip('project', two.b, 0))
    await voids(flip('project', two.a, 1), flip('project', two.a, 0))
    await voids(flip('user', two.userB, 1), flip('user', two.userB, 0))
    const role = await roleId('te_agency')
    await voids(
      () => seedGrant(house, two.userB, 'te_agency', { domain: two.b }),
      () => house.ctx.store.write((tx) => tx.deleteFrom('assignment').where('role_id', '=', role).execute()),
    )
  })

  it('401 at once when the agency trusts another account, loses its grants, or is deleted', async () => {
    const path = `/v3.0/OS-AGENCY/agencies/${agency}`
    const put = (trust_domain_name: string) => () =>
      face.call('PUT', path, { token: administrator, body: { agency: { trust_domain_name } } })
    await voids(put('IAMDomainB'), put('IAMDomainA'))
    const role = await roleId('te_admin')
    const place = `/v3.0/OS-AGENCY/domains/${two.a}/agencies/${agency}/roles/${role}`
    await voids(
      () => face.call('PUT', place, { token: administrator }),
      () => face.call('DELETE', place, { token: administrator }),
    )
    await voids(undefined, () => face.call('DELETE', path, { token: administrator }))
  })

  it('401 the user changed their password', async () => {
    const created = await createAgency('IAMAgency')
    await grant(created.body.agency.id)
    const fresh = await face.token({ name: 'IAMUserB', domain: two.b })
    const token = (await assume(undefined, { token: fresh })).headers['x-subject-token'] ?? ''
    house.advance(2)
    const changed = await face.call('POST', `/v3/users/${two.userB}/password`, {
      token: fresh,
      body: { user: { original_password: PASSWORD, password: 'another password of theirs' } },
    })
    assert.equal(changed.status, 204, changed.text)
    assert.equal((await validate(token)).status, 401)
  })
})
