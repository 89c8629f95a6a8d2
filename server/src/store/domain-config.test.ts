import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain } from './bootstrap.ts'
import { deleteDomainOptions, listDomainOptions, putDomainOptions } from './domain-config.ts'

const option = (group: string, name: string, value: string) => ({ group, option: name, value })

forEachEngine('configuration of domains', (open) => {
  it('is written, replaced option by option, and deleted by parts', async () => {
    const store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd', 'd', 1)
      await ensureDomain(tx, 'e', 'e', 1)
      await putDomainOptions(tx, 'd', [option('ldap', 'url', '1'), option('ldap', 'user', '2')])
      await putDomainOptions(tx, 'd', [option('identity', 'driver', '3'), option('ldap', 'url', '4')])
      await putDomainOptions(tx, 'e', [option('ldap', 'url', '5')])
      await putDomainOptions(tx, 'e', [])
    })
    const { db } = store
    assert.deepEqual(await listDomainOptions(db, 'd'), [
      option('identity', 'driver', '3'),
      option('ldap', 'url', '4'),
      option('ldap', 'user', '2'),
    ])
    assert.deepEqual(await listDomainOptions(db, 'd', { group: 'ldap', option: 'user' }), [
      option('ldap', 'user', '2'),
    ])
    await store.write((tx) => deleteDomainOptions(tx, 'd', { group: 'ldap', option: 'user' }))
    await store.write((tx) => deleteDomainOptions(tx, 'd', { group: 'identity' }))
    assert.deepEqual(await listDomainOptions(db, 'd'), [option('ldap', 'url', '4')])
    await store.write((tx) => deleteDomainOptions(tx, 'd'))
    assert.deepEqual(await listDomainOptions(db, 'd'), [])
    assert.equal((await listDomainOptions(db, 'e')).length, 1)
  })
})
