import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { appendAudit, auditInsert, auditValues } from './audit.ts'
import { ensureDomain } from './bootstrap.ts'
import type { AuditEventRow } from './schema.ts'
import type { Store } from './store.ts'

const line = (target: string): AuditEventRow => ({
  at: 1_700_000_000_123_456,
  action: 'update_user',
  outcome: 'success',
  chain: 'chain',
  actor_id: 'somebody',
  target,
  reason: 'a “reason”; with 界',
  request_id: 'req-1',
})

forEachEngine('audit lines', (open) => {
  let store: Store
  before(async () => {
    store = await open()
  })
  const written = async (targets: readonly string[]) => {
    const query = store.db
      .selectFrom('audit_event')
      .selectAll()
      .where('target', 'in', [...targets])
    const columns = Object.keys(line('')) as (keyof AuditEventRow)[]
    const rows = await query.orderBy('target').execute()
    return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))
  }

  it('are written with the change they tell of, several at once', async () => {
    await store.write((tx) => appendAudit(tx, line('a'), line('b')))
    assert.deepEqual(await written(['a', 'b']), [line('a'), line('b')])
  })

  it('are not there when the change is not, nor is the change without them', async () => {
    const failing = store.write(async (tx) => {
      await appendAudit(tx, line('c'))
      throw new Error('thought better of it')
    })
    await assert.rejects(failing, /thought better/)
    const broken = store.write(async (tx) => {
      await ensureDomain(tx, 'd', 'made', 1)
      await appendAudit(tx, { ...line('c'), action: null as unknown as string })
    })
    await assert.rejects(broken)
    assert.deepEqual(await written(['c']), [])
    assert.equal(await store.db.selectFrom('project').selectAll().executeTakeFirst(), undefined)
  })

  it('written alone are what they are beside a change', async () => {
    await store.audit(line('d'))
    assert.deepEqual(await written(['d']), [line('d')])
  })

  it('have as many values as their statement has places, in its order', () => {
    const columns = /\((.*)\)\s*values/.exec(auditInsert)?.[1]?.split(', ') ?? []
    const event = line('e')
    assert.equal(auditInsert.match(/\?/g)?.length, columns.length)
    assert.deepEqual(
      auditValues(event),
      columns.map((column) => event[column as keyof AuditEventRow]),
    )
  })
})
