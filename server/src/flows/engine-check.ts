/** Drift: where an engine's own software and what is kept here do not agree about accounts and roles. */
import type { Context } from '../context.ts'
import { builtInRoles } from '../core/engine-permissions.ts'
import { type EngineAccount, listEngineAccounts } from '../store/engine-accounts.ts'
import { type EngineRecord, listEngineRoles } from '../store/engines.ts'
import { isMirrored } from './engine-call.ts'
import { remoteAccounts, remoteRoles } from './engine-remote.ts'
import { expectedRight, remoteNacosUsers } from './engine-remote-nacos.ts'

export interface Drift {
  readonly kind: 'account' | 'role'
  readonly name: string
  readonly verdict: 'same' | 'only here' | 'only there' | 'differs'
  /** Roles of an account, permissions of a role; in Nacos rights by resource. */
  readonly here: readonly string[]
  readonly there: readonly string[]
}

type Side = ReadonlyMap<string, readonly string[]>

/**
 * Compares the engine's accounts and own roles with those of its service-center, or its mapped users with those of its
 * Nacos. The software's own root and built-in roles are left out. undefined when the engine has no address to ask.
 * Refuses `unavailable` when it does not answer.
 */
export async function checkEngine(ctx: Context, engine: EngineRecord): Promise<readonly Drift[] | undefined> {
  if (!isMirrored(engine)) return undefined
  const accounts = await listEngineAccounts(ctx.store.db, engine.id)
  return engine.specType === 'Nacos2'
    ? checkNacos(ctx, engine, accounts)
    : checkServiceCenter(ctx, engine, accounts)
}

async function checkServiceCenter(
  ctx: Context,
  engine: EngineRecord,
  accounts: readonly EngineAccount[],
): Promise<readonly Drift[]> {
  const [roles, theirAccounts, theirRoles] = await Promise.all([
    listEngineRoles(ctx.store.db, engine.id),
    remoteAccounts(ctx, engine),
    remoteRoles(ctx, engine),
  ])
  return [
    ...compared('account', sideOf(accounts, rolesOf), sideOf(theirAccounts, rolesOf), ['root']),
    ...compared('role', sideOf(roles, permsOf), sideOf(theirRoles, permsOf), Object.keys(builtInRoles)),
  ]
}

async function checkNacos(
  ctx: Context,
  engine: EngineRecord,
  accounts: readonly EngineAccount[],
): Promise<readonly Drift[]> {
  const theirs = await remoteNacosUsers(ctx, engine)
  const rightsHere = (account: EngineAccount): readonly string[] =>
    account.status === 'active' ? [expectedRight(account)] : []
  return compared(
    'account',
    sideOf(accounts, rightsHere),
    sideOf(theirs, ({ rights }) => rights),
    ['nacos'],
  )
}

function sideOf<One extends { readonly name: string }>(
  all: readonly One[],
  what: (one: One) => readonly string[],
): Side {
  return new Map(all.map((one) => [one.name, what(one)]))
}

const rolesOf = ({ roles }: { readonly roles: readonly string[] }): readonly string[] => [...roles].sort()

/** One line a permission, alike for the same permission however it is written. */
function permsOf({ perms }: { readonly perms: unknown }): readonly string[] {
  return (Array.isArray(perms) ? perms : []).map(permissionLine).sort()
}

function permissionLine(perm: { readonly resources?: unknown; readonly verbs?: unknown } | null): string {
  const resources = (Array.isArray(perm?.resources) ? perm.resources : []).map(
    (one: { readonly type?: unknown; readonly labels?: Readonly<Record<string, unknown>> | null } | null) => {
      const labels = Object.entries(one?.labels ?? {}).map(([key, value]) => `${key}=${String(value)}`)
      return `${String(one?.type)}(${labels.sort().join()})`
    },
  )
  const verbs = (Array.isArray(perm?.verbs) ? perm.verbs : []).map(String)
  return `${resources.sort().join('+')}: ${verbs.sort().join()}`
}

function compared(kind: Drift['kind'], ours: Side, theirs: Side, leftOut: readonly string[]): Drift[] {
  const names = new Set([...ours.keys(), ...theirs.keys()])
  for (const name of leftOut) names.delete(name)
  return [...names].sort().map((name) => {
    const [here, there] = [ours.get(name), theirs.get(name)]
    const verdict = !there
      ? 'only here'
      : !here
        ? 'only there'
        : here.join('\n') === there.join('\n')
          ? 'same'
          : 'differs'
    return { kind, name, verdict, here: here ?? [], there: there ?? [] }
  })
}
