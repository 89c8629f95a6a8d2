/**
 * Facts the hot path asks for again and again: who a user is, what a scope is, which roles somebody holds there. They
 * are remembered until anything changes in the database, and never longer than one second, because some of them change
 * by themselves (memberships lapse) or by bookkeeping that is no change of rights (when somebody was last active).
 *
 * Not for what guards a login: failure counters and password hashes are read anew each time.
 */
import type { Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import {
  type DomainRecord,
  type DomainReference,
  findDomainScope,
  findProjectScope,
  type ProjectRecord,
  type ProjectReference,
} from '../store/scopes.ts'

interface Memory {
  readonly epoch: number
  readonly second: number
  /** By kind, then by key. */
  readonly values: Map<string, Map<string, Promise<unknown>>>
}

const memories = new WeakMap<Context, Memory>()

/**
 * What `load` gives, or gave within this second for the same `kind` and `key`. A failed load is not remembered. The two are
 * not one text, because putting texts together and hashing the outcome costs more than both look-ups.
 */
export function recall<T>(
  ctx: Context,
  [kind, key]: readonly [kind: string, key: string],
  load: () => Promise<T>,
): Promise<T> {
  const epoch = ctx.store.epoch()
  const second = Math.floor(ctx.now() / 1e6)
  let memory = memories.get(ctx)
  // While the epoch is unknown it is NaN, equal to nothing, and nothing is remembered.
  if (memory?.epoch !== epoch || memory.second !== second) {
    memory = { epoch, second, values: new Map() }
    memories.set(ctx, memory)
  }
  const values = memory.values.get(kind) ?? new Map<string, Promise<unknown>>()
  if (values.size === 0) memory.values.set(kind, values)
  const known = values.get(key) as Promise<T> | undefined
  if (known) return known
  const value = load()
  values.set(key, value)
  value.catch(() => values.delete(key))
  return value
}

export function recallUser(ctx: Context, id: string): Promise<UserRecord | undefined> {
  return recall(ctx, ['user', id], () => findUser(ctx.store.db, { id }))
}

export function recallProject(ctx: Context, reference: ProjectReference): Promise<ProjectRecord | undefined> {
  return recall(ctx, projectKey(reference), () => findProjectScope(ctx.store.db, reference))
}

export function recallDomain(ctx: Context, reference: DomainReference): Promise<DomainRecord | undefined> {
  const key =
    'id' in reference ? (['domain', reference.id] as const) : (['domain named', reference.name] as const)
  return recall(ctx, key, () => findDomainScope(ctx.store.db, reference))
}

/** With its length the domain's part ends where it ends, whatever the name begins with. */
function projectKey(reference: ProjectReference): readonly [string, string] {
  if ('id' in reference) return ['project', reference.id]
  const { name, domain } = reference
  return 'id' in domain
    ? ['project in', `${domain.id.length} ${domain.id} ${name}`]
    : ['project in domain named', `${domain.name.length} ${domain.name} ${name}`]
}

/** A key for what depends on a scope. */
export function scopeKey(scope: Scope): string {
  return 'id' in scope ? `${scope.kind} ${scope.id}` : scope.kind
}
