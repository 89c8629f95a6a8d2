/** Accounts and roles of engines: made, imported, changed and removed, within service-center's rules. */
import type { Context } from '../context.ts'
import { arePermissions, builtInRoles, type EnginePermission } from '../core/engine-permissions.ts'
import {
  areRoles,
  engineLimits,
  isAccountName,
  isBuiltInAccount,
  isEnginePassword,
} from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import { hashPassword } from '../hashing/hash.ts'
import {
  countEngineAccounts,
  deleteEngineAccount,
  type EngineAccount,
  findEngineAccount,
  insertEngineAccount,
  listEngineAccounts,
  updateEngineAccount,
} from '../store/engine-accounts.ts'
import {
  deleteEngineRole,
  type EngineRecord,
  insertEngineRole,
  listEngineRoles,
  updateEngineRole,
} from '../store/engines.ts'
import { newId } from '../store/ids.ts'
import type { Db } from '../store/store.ts'
import { isUniqueViolation } from '../store/unique.ts'
import { type Actor, change } from './change.ts'
import {
  mirrorAccount,
  mirrorNewAccounts,
  mirrorPassword,
  mirrorRemoval,
  mirrorRole,
  mirrorRoleRemoval,
} from './engine-remote.ts'

/** Words for refusals that service-center has codes for; `wireCode` is its number. */
export const engineFaults = {
  invalid: { wireCode: '400001', message: 'Invalid parameter(s)' },
  noAccount: { wireCode: '400200', message: 'Account not exist' },
  noRole: { wireCode: '400201', message: 'Role not exist' },
  badRole: { wireCode: '400202', message: 'Account has invalid role(s)' },
  accountQuota: { wireCode: '400203', message: 'No quota to create account' },
  roleQuota: { wireCode: '400204', message: 'No quota to create role' },
  roleBound: { wireCode: '400205', message: 'Role is bound to account(s)' },
  badPassword: { wireCode: '400206', message: 'New password is illegal' },
  forbidden: { wireCode: '403001', message: 'Forbidden' },
  builtInAccount: { wireCode: '403202', message: 'The build-in account can not be changed' },
  builtInRole: { wireCode: '403203', message: 'The build-in role can not be changed' },
  ownAccount: { wireCode: '403204', message: 'The own account can not be changed' },
  accountConflict: { wireCode: '409200', message: 'Account already exists' },
  roleConflict: { wireCode: '409201', message: 'Role already exists' },
} as const

/** Refuses with one of `engineFaults`. */
export function refuseEngine(fault: keyof typeof engineFaults, reason: string = fault): never {
  const detail = engineFaults[fault]
  const code = { 4: 'bad_request', 403: 'forbidden', 409: 'conflict' } as const
  const status = Number(detail.wireCode.slice(0, 3))
  return refuse(status === 403 ? code[403] : status === 409 ? code[409] : code[4], reason, detail)
}

/** Access to one Nacos namespace: these take the place of roles there. */
const NAMESPACE_RIGHTS = ['r', 'w', 'rw']

/** Names of the roles that accounts of the engine may have. */
export async function rolesOfEngine(
  ctx: Context,
  engine: Pick<EngineRecord, 'id' | 'specType'>,
): Promise<ReadonlySet<string>> {
  if (engine.specType === 'Nacos2') return new Set(NAMESPACE_RIGHTS)
  const own = await listEngineRoles(ctx.store.db, engine.id)
  return new Set([...Object.keys(builtInRoles), ...own.map(({ name }) => name)])
}

/** The permissions of roles, by name. */
export async function permissionsOf(
  db: Db,
  engine: EngineRecord,
  roles: readonly string[],
): Promise<readonly EnginePermission[]> {
  const own = await listEngineRoles(db, engine.id)
  return roles.flatMap(
    (name) =>
      builtInRoles[name] ??
      (own.find((role) => role.name === name)?.perms as readonly EnginePermission[] | undefined) ??
      [],
  )
}

export interface NewAccount {
  readonly name: string
  readonly roles: readonly string[]
  readonly password?: string | undefined
  readonly status?: EngineAccount['status'] | undefined
  /** The user or agency it stands for. */
  readonly principalId?: string | undefined
  readonly namespace?: string | undefined
}

/**
 * Makes accounts, all or none. Refuses names, roles and passwords that service-center would, more than 1000 accounts, a
 * name that is taken, and a second account of one principal (in one namespace).
 */
export async function createAccounts(
  ctx: Context,
  engine: EngineRecord,
  wanted: readonly NewAccount[],
  by: Actor,
): Promise<readonly EngineAccount[]> {
  const known = await rolesOfEngine(ctx, engine)
  for (const { name, roles, password } of wanted) {
    if (!isAccountName(name) || isBuiltInAccount(engine.specType, name))
      refuseEngine('invalid', `name ${name}`)
    if (!areRoles(roles, known)) refuseEngine('badRole')
    if (password !== undefined && !isEnginePassword(password, name)) refuseEngine('badPassword')
  }
  const hashes = await Promise.all(
    wanted.map(({ password }) =>
      password === undefined ? null : hashPassword(ctx.kdf, password, ctx.settings),
    ),
  )
  const accounts = wanted.map((one, at) => newAccount(ctx, engine, { ...one, hash: hashes[at] ?? null }))
  try {
    await change(ctx, by, `engine:${engine.id}`, async (tx) => {
      const there = await countEngineAccounts(tx, engine.id)
      if (there + accounts.length > engineLimits.accounts) refuseEngine('accountQuota')
      for (const account of accounts) await insertEngineAccount(tx, account)
    })
  } catch (error) {
    if (isUniqueViolation(error)) refuseEngine('accountConflict')
    throw error
  }
  try {
    const withPasswords = accounts.map((one, at) => ({ ...one, password: wanted[at]?.password }))
    await mirrorNewAccounts(ctx, engine, withPasswords)
  } catch (error) {
    await change(ctx, by, `engine:${engine.id}`, async (tx) => {
      for (const { id } of accounts) await deleteEngineAccount(tx, id)
    })
    throw error
  }
  return accounts
}

/** An account as it is stored first, its password hashed already. */
export function newAccount(
  ctx: Context,
  engine: Pick<EngineRecord, 'id'>,
  one: NewAccount & { readonly hash: string | null },
): EngineAccount {
  const now = ctx.now()
  return {
    id: newId(),
    engineId: engine.id,
    name: one.name,
    principalId: one.principalId ?? null,
    namespace: one.namespace ?? '',
    hash: one.hash,
    roles: one.roles,
    status: one.status ?? 'active',
    incarnation: newId(),
    createdAt: now,
    updatedAt: now,
  }
}

/** The account of that name, or a refusal. */
export async function accountNamed(db: Db, engine: EngineRecord, name: string): Promise<EngineAccount> {
  return (await findEngineAccount(db, engine.id, { name })) ?? refuseEngine('noAccount')
}

/** Changes roles and status; tokens made before are void here. `self` names who asks: nobody changes themselves. */
export async function updateAccount(
  ctx: Context,
  engine: EngineRecord,
  wanted: {
    readonly name: string
    readonly self: string
    readonly roles?: readonly string[] | undefined
    readonly status?: EngineAccount['status'] | undefined
  },
  by: Actor,
): Promise<void> {
  const { name, roles, status } = wanted
  refuseProtected(engine, name, wanted.self)
  const known = await rolesOfEngine(ctx, engine)
  if (roles && !areRoles(roles, known)) refuseEngine('badRole')
  const { id, namespace, roles: before, status: was } = await accountNamed(ctx.store.db, engine, name)
  await mirrorAccount(ctx, engine, { name, namespace, before, roles: roles ?? before, status: status ?? was })
  await change(ctx, by, `engine:${engine.id}`, (tx) =>
    updateEngineAccount(tx, id, {
      ...(roles && { roles }),
      ...(status && { status }),
      incarnation: newId(),
      updatedAt: ctx.now(),
    }),
  )
}

export async function removeAccount(
  ctx: Context,
  engine: EngineRecord,
  wanted: { readonly name: string; readonly self: string },
  by: Actor,
): Promise<void> {
  refuseProtected(engine, wanted.name, wanted.self)
  // There first: only that ends the tokens which are out.
  await mirrorRemoval(ctx, engine, await accountNamed(ctx.store.db, engine, wanted.name))
  await change(ctx, by, `engine:${engine.id}`, async (tx) => {
    const account = await accountNamed(tx, engine, wanted.name)
    await deleteEngineAccount(tx, account.id)
  })
}

function refuseProtected({ specType }: EngineRecord, name: string, self: string): void {
  if (isBuiltInAccount(specType, name)) refuseEngine('builtInAccount')
  if (name === self) refuseEngine('ownAccount')
}

/** Sets a password, already decided that it may be set; every token of the account is void here. */
export async function setAccountPassword(
  ctx: Context,
  engine: EngineRecord,
  wanted: { readonly name: string; readonly password: string },
  by: Actor,
): Promise<void> {
  if (!isEnginePassword(wanted.password, wanted.name)) refuseEngine('badPassword')
  const hash = await hashPassword(ctx.kdf, wanted.password, ctx.settings)
  await accountNamed(ctx.store.db, engine, wanted.name)
  await mirrorPassword(ctx, engine, wanted)
  await change(ctx, by, `engine:${engine.id}`, async (tx) => {
    const account = await accountNamed(tx, engine, wanted.name)
    await updateEngineAccount(tx, account.id, { hash, incarnation: newId(), updatedAt: ctx.now() })
  })
}

export interface WantedRole {
  readonly name: string
  readonly perms: readonly EnginePermission[]
}

/** Makes or replaces (`mode`) a role of the engine's own. */
export async function putRole(
  ctx: Context,
  engine: EngineRecord,
  wanted: WantedRole & { readonly mode: 'create' | 'update' },
  by: Actor,
): Promise<void> {
  const { name, perms, mode } = wanted
  if (!isAccountName(name) || !arePermissions(perms)) refuseEngine('invalid', `role ${name}`)
  if (Object.hasOwn(builtInRoles, name)) refuseEngine(mode === 'create' ? 'roleConflict' : 'builtInRole')
  const own = await listEngineRoles(ctx.store.db, engine.id)
  const isThere = own.some((role) => role.name === name)
  if (mode === 'update' && !isThere) refuseEngine('noRole')
  if (mode === 'create' && isThere) refuseEngine('roleConflict')
  const most = engineLimits.roles - Object.keys(builtInRoles).length
  if (mode === 'create' && own.length >= most) refuseEngine('roleQuota')
  await mirrorRole(ctx, engine, wanted)
  const now = ctx.now()
  try {
    await change(ctx, by, `engine:${engine.id}`, async (tx) => {
      if (mode === 'update') return updateEngineRole(tx, engine.id, { name, perms, updatedAt: now })
      if ((await listEngineRoles(tx, engine.id)).length >= most) refuseEngine('roleQuota')
      await insertEngineRole(tx, engine.id, { name, perms, createdAt: now, updatedAt: now })
    })
  } catch (error) {
    if (isUniqueViolation(error)) refuseEngine('roleConflict')
    throw error
  }
}

/** Removes a role that no account has. */
export async function removeRole(ctx: Context, engine: EngineRecord, name: string, by: Actor): Promise<void> {
  if (Object.hasOwn(builtInRoles, name)) refuseEngine('builtInRole')
  await refuseBound(ctx.store.db, engine, name)
  await mirrorRoleRemoval(ctx, engine, name)
  await change(ctx, by, `engine:${engine.id}`, async (tx) => {
    await refuseBound(tx, engine, name)
    await deleteEngineRole(tx, engine.id, name)
  })
}

async function refuseBound(db: Db, engine: EngineRecord, name: string): Promise<void> {
  const own = await listEngineRoles(db, engine.id)
  if (!own.some((role) => role.name === name)) refuseEngine('noRole')
  const accounts = await listEngineAccounts(db, engine.id)
  if (accounts.some(({ roles }) => roles.includes(name))) refuseEngine('roleBound')
}
