import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type NacosHouse, type NamespaceKey, openNacosHouse } from '../../testing/nacos.ts'

const INSTANCE = '/nacos/v1/ns/instance'
/** Instances that one tenant may have. */
const MOST = 10_000

describe('naming', () => {
  let house: NacosHouse
  let key: NamespaceKey

  before(async () => {
    house = await openNacosHouse()
    key = await house.namespace('cn-beijing:naming')
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  const service = () => ({ namespaceId: key.tenantId, serviceName: 'DEFAULT_GROUP@@full' })
  const register = (ip: string) => {
    const parameters = { ...service(), ip, port: '80' }
    return house.naming({ key, method: 'POST', path: INSTANCE, parameters })
  }
  const full = async (): Promise<void> => {
    const row = (port: number) => ({
      ...{
        tenant_id: key.tenantId,
        service: 'DEFAULT_GROUP@@full',
        cluster: 'DEFAULT',
        ip: '10.0.0.1',
        port,
      },
      ...({
        weight: 1,
        enabled: 1,
        healthy: 1,
        ephemeral: 1,
        metadata: '{}',
        beat_at: house.ctx.now(),
      } as const),
    })
    await house.ctx.store.write(async (tx) => {
      await tx.deleteFrom('service_instance').execute()
      for (let at = 0; at < MOST; at += 1000) {
        const rows = Array.from({ length: 1000 }, (_, i) => row(at + i))
        await tx.insertInto('service_instance').values(rows).execute()
      }
    })
  }

  it('413 more instances than a tenant may have; those that are there go on', async () => {
    await full()
    assert.equal((await register('10.0.0.2')).status, 413)
    assert.equal((await register('10.0.0.1')).status, 200)
  })

  it('200 for the next instance once all that filled a tenant have fallen silent', async (t) => {
    await full()
    const later = house.ctx.now() + 31e6
    t.mock.method(house.ctx, 'now', () => later)
    assert.equal((await register('10.0.0.2')).status, 200)
  })

  it('400 a beat whose fields are neither texts nor numbers', async () => {
    const odd = { toString: 1, valueOf: 1 }
    const at = { ip: '10.0.0.9', port: 80, cluster: 'DEFAULT' }
    for (const said of [
      { ...at, ip: odd },
      { ...at, port: [80] },
      { ...at, cluster: odd },
      { ...at, weight: odd },
    ]) {
      const parameters = { ...service(), beat: JSON.stringify(said) }
      const answer = await house.naming({ key, method: 'PUT', path: `${INSTANCE}/beat`, parameters })
      assert.equal(answer.status, 400, JSON.stringify(said))
    }
  })
})
