import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensureDomain } from '../../../store/bootstrap.ts'
import { type EngineRecord, insertEngine } from '../../../store/engines.ts'
import { newId } from '../../../store/ids.ts'
import { insertProject } from '../../../store/projects.ts'
import { type AlibabaHouse, openAlibabaHouse } from '../../../testing/alibaba.ts'

describe('MSE', () => {
  let house: AlibabaHouse
  let projectId = ''
  const ids = { ours: newId(), lonely: newId(), center: newId(), theirs: newId() }
  const engine = (id: string, more: Partial<EngineRecord> = {}): EngineRecord => ({
    ...{ id, projectId, enterpriseProjectId: '0', name: `nacos-${id.slice(0, 4)}`, description: '' },
    ...{ specType: 'Nacos2', authType: 'RBAC', address: 'http://nacos.internal:8848', extra: {} },
    ...{ maxTokenSeconds: 3600, createdBy: '', createdAt: house.ctx.now() },
    ...more,
  })
  const ask = (action: string, parameters = {}, key = house.root) =>
    house.send({ version: '2019-05-31', action, parameters, key })

  before(async () => {
    house = await openAlibabaHouse()
    const now = house.ctx.now()
    await house.ctx.store.write(async (tx) => {
      await ensureDomain(tx, 'other', 'other', now)
      const make = async (domainId: string): Promise<string> => {
        const id = newId()
        await insertProject(
          tx,
          {
            ...{ id, name: id, domainId, parentId: domainId, isDomain: false, enabled: true },
            ...{ description: '', tags: [], options: {}, extra: {} },
          },
          now,
        )
        return id
      }
      projectId = await make('default')
      await insertEngine(tx, engine(ids.ours))
      await insertEngine(tx, engine(ids.lonely, { address: null }))
      await insertEngine(tx, engine(ids.center, { specType: 'CSE2' }))
      await insertEngine(tx, engine(ids.theirs, { projectId: await make('other') }))
    })
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('200 the instances of the account: its Nacos engines, and where they are', async () => {
    const { status, body, text } = await ask('ListClusters')
    assert.equal(status, 200, text)
    assert.deepEqual([body.Success, body.TotalCount, body.PageNumber], [true, 2, 1])
    const listed = body.Data.map(({ InstanceId }: { InstanceId: string }) => InstanceId)
    assert.deepEqual(listed.sort(), [ids.ours, ids.lonely].sort())
    const { Data } = (await ask('QueryClusterDetail', { InstanceId: ids.ours })).body
    assert.deepEqual(
      [Data.ClusterType, Data.IntranetDomain, Data.IntranetPort, Data.InternetDomain],
      ['Nacos-Ans', 'nacos.internal', '8848', ''],
    )
    const second = await ask('ListClusters', { PageNum: '2', PageSize: '1' })
    assert.equal(second.body.Data.length, 1)
  })

  it('404 an instance of another account or of another kind, as one that is not there', async () => {
    for (const InstanceId of [ids.theirs, ids.center, 'mse-nobody']) {
      const { status, body } = await ask('QueryClusterDetail', { InstanceId })
      assert.deepEqual([status, body.Code], [404, 'EntityNotExist.Instance'])
    }
    assert.equal((await ask('QueryClusterDetail')).body.Code, 'MissingInstanceId')
  })

  it('403 who may not, by instance', async () => {
    const allow = {
      Effect: 'Allow',
      Action: 'mse:QueryClusterDetail',
      Resource: `acs:mse:*:*:instance/${ids.lonely}`,
    }
    const person = await house.person('operator', allow)
    assert.equal((await ask('QueryClusterDetail', { InstanceId: ids.lonely }, person)).status, 200)
    for (const [action, parameters] of [
      ['QueryClusterDetail', { InstanceId: ids.ours }],
      ['ListClusters', {}],
    ] as const) {
      assert.deepEqual((await ask(action, parameters, person)).body.Code, 'NoPermission')
    }
  })

  it("a namespace with an exclusive registry shows the instance's address, and drops it again", async () => {
    const put = (more: Record<string, string>) =>
      house.send({
        method: 'POST',
        path: '/pop/v5/user_region_def',
        action: 'InsertOrUpdateRegion',
        parameters: { RegionTag: 'cn-beijing:own', RegionName: 'own', ...more },
      })
    const token = async () => {
      const { SecureToken } = (await house.secureToken('cn-beijing:own')).body
      const { MseRegistryType, MseInstanceId, MseInternetAddress, MseIntranetAddress } = SecureToken
      return [MseRegistryType, MseInstanceId, MseInternetAddress, MseIntranetAddress]
    }
    const made = await put({ RegistryType: 'exclusive_mse', MseInstanceId: ids.ours })
    assert.equal(made.status, 200, made.text)
    assert.deepEqual(await token(), ['exclusive_mse', ids.ours, '', 'nacos.internal'])
    const Id = String(made.body.UserDefineRegionEntity.Id)
    await put({ Id, RegistryType: 'exclusive_mse', MseInstanceId: ids.theirs })
    assert.deepEqual(await token(), ['exclusive_mse', ids.theirs, '', ''])
    await put({ Id, RegistryType: 'default' })
    assert.deepEqual(await token(), ['default', '', '', ''])
  })
})
