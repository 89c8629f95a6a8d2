import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { migratedDatabase } from '../testing/engines.ts'
import { startPostgres } from '../testing/postgres.ts'
import { openPostgres } from './postgres.ts'
import { openStore, type Store } from './store.ts'

const region = (id: string) => ({ id, description: '', parent_region_id: null, extra: '{}' })

/** A way to the database that can swallow what is sent, both ways, without telling either end. */
async function wayTo(url: string) {
  const { port } = new URL(url)
  let swallows = false
  const ends = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      ends.add(from)
      from.on('data', (chunk) => swallows || to.write(chunk))
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hangUp = (): void => {
    for (const end of ends) end.destroy()
  }
  const through = new URL(url)
  through.port = String((server.address() as AddressInfo).port)
  return {
    url: through.href,
    swallow: (now: boolean) => {
      swallows = now
    },
    hangUp,
    close: () => {
      hangUp()
      server.close()
    },
  }
}

describe('several nodes on one PostgreSQL', () => {
  const closing: (() => unknown)[] = []
  let url = ''
  let nodes: readonly [Store, Store]
  before(async () => {
    const shared = process.env['TEST_POSTGRES_URL']
    const server = shared ? undefined : await startPostgres()
    if (server) closing.push(server.stop)
    url = await migratedDatabase(shared ?? server?.url ?? '')
    nodes = [await openStore(url), await openStore(url)]
    closing.push(nodes[0].close, nodes[1].close)
  })
  after(async () => {
    for (const close of closing.reverse()) await close()
  })

  it('a limit that is counted before it is used holds when many come at once', async () => {
    const add = (store: Store, n: number) =>
      store.write(async (tx) => {
        const there = await tx.selectFrom('region').select('id').where('id', 'like', 'counted-%').execute()
        if (there.length >= 2) throw new Error('no more')
        await tx
          .insertInto('region')
          .values(region(`counted-${n}`))
          .execute()
      })
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, (_, n) => add(nodes[n % 2]!, n)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2)
  })

  it('no change is lost to another that read before it', async () => {
    const [first, second] = nodes
    await first.write((tx) => tx.insertInto('region').values(region('merged')).execute())
    const merge = (store: Store, n: number) =>
      store.write(async (tx) => {
        const of = tx.selectFrom('region').select('extra').where('id', '=', 'merged')
        const { extra } = await of.executeTakeFirstOrThrow()
        const merged = JSON.stringify({ ...JSON.parse(extra), [`k${n}`]: n })
        await tx.updateTable('region').set({ extra: merged }).where('id', '=', 'merged').execute()
      })
    await Promise.all(Array.from({ length: 16 }, (_, n) => merge(nodes[n % 2]!, n)))
    const { extra } = await second.db
      .selectFrom('region')
      .select('extra')
      .where('id', '=', 'merged')
      .executeTakeFirstOrThrow()
    assert.equal(Object.keys(JSON.parse(extra)).length, 16)
  })

  it('changes that wait leave connections to who reads, to a change too', async () => {
    const [store] = nodes
    const operator = new pg.Client({ connectionString: url })
    await operator.connect()
    const held = Promise.withResolvers<void>()
    let done = false
    const waiting = async () => {
      const asked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      while (!done && ((await operator.query(asked)).rowCount ?? 0) < 9);
      return 'every connection waits'
    }
    const first = store.write(() => held.promise)
    const others = Array.from({ length: 20 }, () => store.write(() => sql`select 1`.execute(store.db)))
    const read = sql`select 1`.execute(store.db).then(() => 'read')
    assert.equal(await Promise.race([read, waiting()]), 'read')
    done = true
    held.resolve()
    await Promise.all([first, ...others])
    await operator.end()
  })

  it('a change of a machine that vanished in the middle of it keeps the others from theirs for seconds only', async () => {
    const held = await nodes[0].write((tx) => sql`show idle_in_transaction_session_timeout`.execute(tx))
    assert.deepEqual(held.rows, [{ idle_in_transaction_session_timeout: '10s' }])
  })

  it('who asks a database that has gone silent is refused, not kept, and answered when it is back', async (t) => {
    const way = await wayTo(url)
    const store = await openPostgres(way.url, 1000)
    t.after(async () => {
      way.close()
      await store.close()
    })
    const read = () => sql`select 1`.execute(store.db)
    const write = (id: string) => store.write((tx) => tx.insertInto('region').values(region(id)).execute())
    await Promise.all([read(), write('heard')])
    way.swallow(true)
    const outcome = (asked: Promise<unknown>): Promise<string> => {
      const kept = sleep(15_000, 'kept', { ref: false })
      const end = asked.then(
        () => 'answered',
        () => 'refused',
      )
      return Promise.race([end, kept])
    }
    assert.deepEqual(await Promise.all([read(), write('swallowed')].map(outcome)), ['refused', 'refused'])
    way.swallow(false)
    way.hangUp()
    while (
      await read().then(
        () => false,
        () => true,
      )
    )
      await sleep(20)
    await write('heard-again')
    const regions = await nodes[0].db.selectFrom('region').select('id').where('id', 'like', '%hea%').execute()
    assert.equal(regions.length, 2)
  })

  it('nothing remembered is used while the network swallows the news, and all is known again after', async () => {
    const way = await wayTo(url)
    const [other] = nodes
    const store = await openStore(way.url)
    const before = store.epoch()
    way.swallow(true)
    await other.write((tx) => tx.insertInto('region').values(region('unheard')).execute())
    await sleep(2500)
    assert.ok(Number.isNaN(store.epoch()), 'the epoch is unknown')
    way.swallow(false)
    while (Number.isNaN(store.epoch())) await sleep(50)
    assert.equal(store.epoch(), before + 1)
    await store.close()
    way.close()
  })
})
