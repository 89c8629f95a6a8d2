/** Rights on a namespace of Nacos by custom policies, made and granted by the wire that has them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type EngineAccount, listEngineAccounts } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type House, openHouse } from '../testing/house.ts'
import { type HuaweiFace, openHuawei, seedTwoAccounts, type TwoAccounts } from '../testing/huawei.ts'
import { seedGrant, seedUser } from '../testing/seed.ts'
import { createEngine, importPrincipal, setNamespaceOwner } from './engine-lifecycle.ts'

const BY = { session: null, action: 'test', requestId: '' }

describe('rights on a namespace by policy', () => {
  let house: House
  let face: HuaweiFace
  let two: TwoAccounts
  let nacos: EngineRecord
  let admin: string

  before(async () => {
    house = await openHouse()
    face = openHuawei(house)
    two = await seedTwoAccounts(house)
    await seedGrant(house, two.adminA, 'member', { project: two.projectA })
    admin = await face.token({ name: 'IAMUserA', domain: two.a })
    const common = { enterpriseProjectId: '0', specType: 'Nacos2', authType: 'RBAC' } as const
    nacos = (await createEngine(house.ctx, { ...common, projectId: two.projectA, name: 'config' }, BY)).engine
    for (const [id, enterpriseProjectId] of [
      ['dev', 'ep-dev'],
      ['prod', 'ep-prod'],
    ] as const) {
      await setNamespaceOwner(house.ctx, nacos, { id, enterpriseProjectId }, BY)
    }
  })
  after(async () => {
    await face.close()
    await house.close()
  })

  const allow = (actions: readonly string[], enterpriseProject?: string) => ({
    Effect: 'Allow',
    Action: actions,
    ...(enterpriseProject && {
      Condition: { StringEquals: { 'g:EnterpriseProjectId': [enterpriseProject] } },
    }),
  })
  const deny = (...Action: readonly string[]) => ({ Effect: 'Deny', Action })

  const rolePath = (user: string, policy: string) =>
    `/v3/projects/${two.projectA}/users/${user}/roles/${policy}`

  /** A user with a custom policy on the project; gives how to ask as them, and the policy's id. */
  async function person(name: string, statements: readonly object[]) {
    const id = await seedUser(house, name, two.a)
    await seedGrant(house, id, 'member', { project: two.projectA })
    const policy = await put(`policy of ${name}`, statements)
    const root = await house.admin()
    const { status, text } = await face.call('PUT', rolePath(id, policy), { token: root })
    assert.equal(status, 204, text)
    const token = await face.token({ name, domain: two.a }, { project: { id: two.projectA } })
    const ask = async (namespace: string, enterpriseProject = `ep-${namespace}`) => {
      const answer = await face.call('POST', `/v2/${two.projectA}/enginemgr/engines/${nacos.id}/tokens`, {
        token,
        headers: { 'x-namespace-id': namespace, 'x-enterprise-project-id': enterpriseProject },
      })
      if (answer.status !== 200) return String(answer.body.error_code)
      const { sub } = JSON.parse(Buffer.from(answer.body.token.split('.')[1], 'base64url').toString())
      return (await accounts()).find((account) => account.name === sub)?.roles.join() ?? 'nobody'
    }
    return { id, policy, ask, token }
  }

  async function put(display_name: string, Statement: readonly object[], id?: string): Promise<string> {
    const role = { display_name, type: 'XA', description: '', policy: { Version: '1.1', Statement } }
    const path = `/v3.0/OS-ROLE/roles${id === undefined ? '' : `/${id}`}`
    const answer = await face.call(id === undefined ? 'POST' : 'PATCH', path, {
      token: admin,
      body: { role },
    })
    assert.ok(answer.status < 300, answer.text)
    return answer.body.role.id
  }

  const accounts = (): Promise<readonly EngineAccount[]> => listEngineAccounts(house.ctx.store.db, nacos.id)
  const accountOf = async (id: string) => (await accounts()).filter(({ principalId }) => principalId === id)

  it('the enterprise project of the namespace decides', async () => {
    const { ask, id } = await person('ada', [allow(['cse:namespace:get'], 'ep-dev')])
    assert.equal(await ask('dev'), 'r')
    assert.equal(await ask('prod'), 'ENGINE.0406')
    assert.equal(await ask('dev', 'ep-prod'), 'SVCSTG.00501116')
    assert.deepEqual(
      (await accountOf(id)).map(({ name, namespace, hash }) => [name, namespace, hash]),
      [[`policy-${id.slice(0, 20)}-dev`, 'dev', null]],
    )
  })

  it('a condition on a name is not met by who signs in elsewhere under it', async () => {
    const named = { ...allow(['cse:namespace:get']), Condition: { StringEquals: { 'g:UserName': ['eve'] } } }
    const { ask, id } = await person('eve', [named])
    assert.equal(await ask('dev'), 'r')
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set({ kind: 'federated' }).where('id', '=', id).execute(),
    )
    assert.equal(await ask('dev'), 'ENGINE.0406')
  })

  it('get reads, write writes, both do both, anything else is nothing', async () => {
    for (const [name, actions, right] of [
      ['reads', ['cse:namespace:get'], 'r'],
      ['writes', ['cse:namespace:write'], 'w'],
      ['both', ['cse:namespace:*'], 'rw'],
      ['lists', ['cse:namespace:list', 'cse:engine:*'], 'ENGINE.0406'],
    ] as const) {
      assert.equal(await (await person(name, [allow(actions)])).ask('dev'), right, name)
    }
  })

  it('a policy that changes is followed at the next exchange, and its old token is another', async () => {
    const { ask, policy, id } = await person('cleo', [allow(['cse:namespace:*'])])
    assert.equal(await ask('dev'), 'rw')
    const [before] = await accountOf(id)
    await put('policy of cleo', [allow(['cse:namespace:get'])], policy)
    assert.equal(await ask('dev'), 'r')
    assert.notEqual((await accountOf(id))[0]?.incarnation, before?.incarnation)
    const root = await house.admin()
    await face.call('DELETE', rolePath(id, policy), { token: root })
    assert.equal(await ask('dev'), 'ENGINE.0406')
    assert.deepEqual(await accountOf(id), [])
  })

  it('an explicit Deny counts, against who was imported too', async () => {
    const statements = [allow(['cse:namespace:*']), deny('cse:namespace:write')]
    const { ask, id } = await person('dora', statements)
    assert.equal(await ask('dev'), 'r')
    await importPrincipal(
      house.ctx,
      nacos,
      { principal: { id, name: 'dora' }, roles: ['rw'], namespace: 'dev' },
      BY,
    )
    assert.equal(await ask('dev'), 'ENGINE.0406')
  })

  it('an import takes the place of what a policy gave, and no policy changes it', async () => {
    const { ask, id, policy } = await person('elsa', [allow(['cse:namespace:get'])])
    assert.equal(await ask('dev'), 'r')
    const principal = { id, name: 'elsa' }
    await importPrincipal(house.ctx, nacos, { principal, roles: ['rw'], namespace: 'dev' }, BY)
    assert.equal(await ask('dev'), 'rw')
    await put('policy of elsa', [allow(['cse:namespace:list'])], policy)
    assert.equal(await ask('dev'), 'rw')
    const named = { principal, roles: ['r'], namespace: 'prod', name: 'policy-elsa' }
    await assert.rejects(importPrincipal(house.ctx, nacos, named, BY))
  })

  it('a key narrowed to less than the user of Nacos may gets no token, and takes nothing away', async () => {
    const { ask, token } = await person('gil', [allow(['cse:namespace:*'])])
    assert.equal(await ask('dev'), 'rw')
    const narrowed = async (...actions: readonly string[]) => {
      house.advance(1)
      const policy = { Version: '1.1', Statement: [allow(['cse:tokens:*', ...actions])] }
      const identity = { methods: ['token'], token: { duration_seconds: 900 }, policy }
      const made = await face.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', {
        token,
        body: { auth: { identity } },
      })
      assert.equal(made.status, 201, made.text)
      const { access, secret, securitytoken: securityToken } = made.body.credential
      const path = `/v2/${two.projectA}/enginemgr/engines/${nacos.id}/tokens`
      const headers = { 'x-namespace-id': 'dev', 'x-enterprise-project-id': 'ep-dev' }
      const { status, body } = await face.signed('POST', path, { access, secret, securityToken }, { headers })
      return status === 200 ? 200 : body.error_code
    }
    assert.equal(await narrowed('cse:namespace:get'), 'ENGINE.0406')
    assert.equal(await narrowed(), 'ENGINE.0406')
    assert.equal(await narrowed('cse:namespace:*'), 200)
    assert.equal(await ask('dev'), 'rw')
  })

  it('many first exchanges at once make one user', async () => {
    const { ask, id } = await person('fay', [allow(['cse:namespace:get'])])
    const rights = await Promise.all(Array.from({ length: 5 }, () => ask('dev')))
    assert.deepEqual(new Set(rights), new Set(['r']))
    assert.equal((await accountOf(id)).length, 1)
  })
})
