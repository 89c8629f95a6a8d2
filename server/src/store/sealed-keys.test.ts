import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import {
  addSealedKey,
  deleteSealedKey,
  listSealedKeys,
  putSealedKey,
  renameSealedKey,
} from './sealed-keys.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const key = (purpose: string, id: string, created_at = 1) => ({
  purpose,
  id,
  state: 'current',
  material: `sealed ${purpose} ${id}`,
  created_at,
})

forEachEngine('sealed keys', (open) => {
  let store: Store
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await putSealedKey(tx, key('fernet', '1', 2))
      await putSealedKey(tx, key('fernet', '0', 2))
      await putSealedKey(tx, key('receipt', '1', 1))
    })
  })
  const rows = async (purpose?: string) =>
    (await listSealedKeys(store.db, purpose)).map((row) => ({ ...row }))
  const named = async (purpose?: string) =>
    (await listSealedKeys(store.db, purpose)).map((row) => `${row.purpose} ${row.id}`)

  it('are listed oldest first, of one purpose or all', async () => {
    assert.deepEqual(await named(), ['receipt 1', 'fernet 0', 'fernet 1'])
    assert.deepEqual(await named('fernet'), ['fernet 0', 'fernet 1'])
    assert.deepEqual(await named('jws'), [])
    assert.deepEqual(await rows('receipt'), [key('receipt', '1')])
  })

  it('put again change state and material and keep their age; added again they stay', async () => {
    await store.write((tx) =>
      putSealedKey(tx, { ...key('receipt', '1', 9), state: 'retired', material: 'm' }),
    )
    const changed = { ...key('receipt', '1', 1), state: 'retired', material: 'm' }
    assert.deepEqual(await rows('receipt'), [changed])
    await store.write((tx) => addSealedKey(tx, key('receipt', '1')))
    assert.deepEqual(await rows('receipt'), [changed])
    await store.write((tx) => addSealedKey(tx, key('saml', '1')))
    assert.deepEqual(await named('saml'), ['saml 1'])
  })

  it('are added by one of many at once', async () => {
    await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        store.write((tx) => addSealedKey(tx, { ...key('jws', 'first'), material: String(n) })),
      ),
    )
    assert.equal((await listSealedKeys(store.db, 'jws')).length, 1)
  })

  it('are renamed and deleted within their purpose, and never onto another', async () => {
    await store.write((tx) => renameSealedKey(tx, 'fernet', '0', '2'))
    assert.deepEqual(await named('fernet'), ['fernet 1', 'fernet 2'])
    await assert.rejects(
      store.write((tx) => renameSealedKey(tx, 'fernet', '2', '1')),
      isUniqueViolation,
    )
    await store.write((tx) => deleteSealedKey(tx, 'fernet', '1'))
    assert.deepEqual(await named('fernet'), ['fernet 2'])
    assert.deepEqual(await named('receipt'), ['receipt 1'])
  })
})
