/** The small registry that works out of the box: configuration and instances in the service's own database. */
import { EventEmitter } from 'node:events'
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import { appendAudit } from '../../store/audit.ts'
import {
  type ConfigReference,
  countConfigEntries,
  deleteConfigEntry,
  findConfigEntry,
  listConfigEntries,
  putConfigEntry,
} from '../../store/config-entries.ts'
import {
  countServiceInstances,
  deleteServiceInstance,
  listServiceInstances,
  listServiceNames,
  noteBeat,
  putServiceInstance,
} from '../../store/service-instances.ts'
import type { Db } from '../../store/store.ts'
import type { ConfigRegistry, NamingRegistry, Registry, RegistryActor } from './registry.ts'

/** Of one tenant. */
const MOST_ENTRIES = 10_000
const MOST_INSTANCES = 10_000

/** Without a beat for so long (microseconds), an ephemeral instance is shown unhealthy; then it goes. */
const UNHEALTHY_AFTER = 15e6
const GONE_AFTER = 30e6

export function embeddedRegistry(ctx: Context): Registry {
  const changes = new EventEmitter().setMaxListeners(0)
  return {
    config: embeddedConfig(ctx, changes),
    naming: embeddedNaming(ctx),
    stop: () => {
      changes.emit('stop')
    },
  }
}

function embeddedConfig(ctx: Context, changes: EventEmitter): ConfigRegistry {
  const { store } = ctx
  let stopped = false
  changes.once('stop', () => {
    stopped = true
  })
  const audited = async (of: ConfigReference, by: RegistryActor, write: (tx: Db) => Promise<void>) => {
    await store.record(async (tx) => {
      await write(tx)
      await appendAudit(tx, {
        at: ctx.now(),
        action: by.action,
        outcome: 'success',
        chain: '',
        actor_id: by.accessKey,
        target: `config:${of.tenantId}:${of.group}:${of.dataId}`,
        reason: '',
        request_id: by.requestId,
      })
    })
    changes.emit(of.tenantId)
  }
  return {
    find: (of) => findConfigEntry(store.db, of),
    publish: (of, written, by) =>
      audited(of, by, async (tx) => {
        const known = await findConfigEntry(tx, of)
        if (!known && (await countConfigEntries(tx, of.tenantId)) >= MOST_ENTRIES)
          refuse('too_large', `tenant ${of.tenantId} has ${MOST_ENTRIES} entries`)
        await putConfigEntry(tx, { ...of, ...written, updatedAt: ctx.now() })
      }),
    remove: (of, by) => audited(of, by, (tx) => deleteConfigEntry(tx, of)),
    changed: async (tenantId, listened, digest) => {
      const ids = [...new Set(listened.map(({ dataId }) => dataId))]
      const entries = await listConfigEntries(store.db, tenantId, ids)
      const digests = new Map(entries.map((e) => [`${e.group}\n${e.dataId}`, digest(e.content)]))
      return listened.filter(({ group, dataId, md5 }) => (digests.get(`${group}\n${dataId}`) ?? '') !== md5)
    },
    pause: (tenantId, ms) =>
      new Promise((resolve) => {
        if (stopped) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          changes.off(tenantId, done).off('stop', done)
          resolve()
        }
        const timer = setTimeout(done, ms)
        changes.on(tenantId, done).on('stop', done)
      }),
  }
}

function embeddedNaming(ctx: Context): NamingRegistry {
  const { store } = ctx
  const gone = (): number => ctx.now() - GONE_AFTER
  const register: NamingRegistry['register'] = (instance) =>
    store.record(async (tx) => {
      // Counted once those that fell silent are forgotten; a refusal takes it all back.
      await putServiceInstance(tx, { ...instance, beatAt: ctx.now() }, gone())
      if ((await countServiceInstances(tx, instance.tenantId)) > MOST_INSTANCES)
        refuse('too_large', `tenant ${instance.tenantId} has ${MOST_INSTANCES} instances`)
    })
  return {
    register,
    deregister: (of) => store.record((tx) => deleteServiceInstance(tx, of)),
    beat: async (of, full) => {
      if (await store.record((tx) => noteBeat(tx, of, ctx.now()))) return true
      if (full) await register(full)
      return full !== undefined
    },
    list: async (of) => {
      const lively = ctx.now() - UNHEALTHY_AFTER
      const instances = await listServiceInstances(store.db, of, gone())
      return instances.map(({ beatAt, ...instance }) => ({
        ...instance,
        healthy: instance.healthy && (!instance.ephemeral || beatAt > lively),
      }))
    },
    services: (tenantId) => listServiceNames(store.db, tenantId, gone()),
  }
}
