/**
 * A service-center or a Nacos, told of accounts and roles through its own API before they are kept here: what it refuses
 * is not kept. Without an address nobody is told.
 */
import type { Context } from '../context.ts'
import type { EngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type Answered, errorCodeOf, isFine, isMirrored, told, unreachable } from './engine-call.ts'
import { changeNacosRights, makeNacosUser, removeNacosUser, setNacosPassword } from './engine-remote-nacos.ts'

const isNacos = ({ specType }: EngineRecord): boolean => specType === 'Nacos2'
const accountPath = (name: string): string => `/v4/accounts/${encodeURIComponent(name)}`

/** Makes accounts there. A name that is there already is refused: it may be somebody else's. */
export async function mirrorNewAccounts(
  ctx: Context,
  engine: EngineRecord,
  accounts: readonly (EngineAccount & { readonly password?: string | undefined })[],
): Promise<void> {
  if (!isMirrored(engine)) return
  if (isNacos(engine)) {
    for (const account of accounts) await makeNacosUser(ctx, engine, account)
    return
  }
  const body = {
    accounts: accounts.map(({ id, principalId, name, roles, password }) => ({
      id: principalId ?? id,
      name,
      roles,
      ...(password !== undefined && { password }),
    })),
  }
  await told(ctx, engine, { method: 'POST', path: '/v4/accounts/batch-create', body })
}

/** Gives the account the roles and the status; `before` says which rights it has in a Nacos. */
export async function mirrorAccount(
  ctx: Context,
  engine: EngineRecord,
  account: Pick<EngineAccount, 'name' | 'namespace' | 'roles' | 'status'> & {
    readonly before: readonly string[]
  },
): Promise<void> {
  if (!isMirrored(engine)) return
  if (isNacos(engine)) return changeNacosRights(ctx, engine, account)
  const { name, roles, status } = account
  await told(ctx, engine, { method: 'PUT', path: accountPath(name), body: { roles, status } })
}

/** Sets a password there; that of root is set there by its own means only. */
export async function mirrorPassword(
  ctx: Context,
  engine: EngineRecord,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  if (!isMirrored(engine) || name === 'root') return
  if (isNacos(engine)) return setNacosPassword(ctx, engine, { name, password })
  await told(ctx, engine, { method: 'POST', path: `${accountPath(name)}/password`, body: { password } })
}

/** Removes it there; one that is not there is as good as removed. */
export async function mirrorRemoval(
  ctx: Context,
  engine: EngineRecord,
  account: Pick<EngineAccount, 'name' | 'namespace' | 'roles'>,
): Promise<void> {
  if (!isMirrored(engine)) return
  if (isNacos(engine)) return removeNacosUser(ctx, engine, account)
  await told(ctx, engine, { method: 'DELETE', path: accountPath(account.name) }, goneIs('400200'))
}

export async function mirrorRole(
  ctx: Context,
  engine: EngineRecord,
  role: { readonly name: string; readonly perms: unknown; readonly mode: 'create' | 'update' },
): Promise<void> {
  if (!isMirrored(engine) || isNacos(engine)) return
  const { name, perms, mode } = role
  const body = { name, perms }
  await told(
    ctx,
    engine,
    mode === 'create'
      ? { method: 'POST', path: '/v4/roles', body }
      : { method: 'PUT', path: `/v4/roles/${encodeURIComponent(name)}`, body },
  )
}

/** Removes a role there; one that is not there is as good as removed. */
export async function mirrorRoleRemoval(ctx: Context, engine: EngineRecord, name: string): Promise<void> {
  if (!isMirrored(engine) || isNacos(engine)) return
  await told(
    ctx,
    engine,
    { method: 'DELETE', path: `/v4/roles/${encodeURIComponent(name)}` },
    goneIs('400201'),
  )
}

const goneIs = (code: string) => (answered: Answered) => isFine(answered) || errorCodeOf(answered) === code

export interface RemoteAccount {
  readonly name: string
  readonly roles: readonly string[]
}

/** The accounts that a service-center has. */
export async function remoteAccounts(ctx: Context, engine: EngineRecord): Promise<readonly RemoteAccount[]> {
  return (await listed(ctx, engine, '/v4/accounts')).map(({ name, roles }) => ({
    name,
    roles: Array.isArray(roles) ? roles.map(String) : [],
  }))
}

export interface RemoteRole {
  readonly name: string
  readonly perms: unknown
}

/** The roles that a service-center has, its built-in ones among them. */
export async function remoteRoles(ctx: Context, engine: EngineRecord): Promise<readonly RemoteRole[]> {
  return (await listed(ctx, engine, '/v4/roles')).map(({ name, perms }) => ({ name, perms }))
}

async function listed(ctx: Context, engine: EngineRecord, path: string) {
  const { body } = await told(ctx, engine, { method: 'GET', path })
  const data = (body as { data?: unknown } | undefined)?.data
  if (!Array.isArray(data)) return unreachable(engine, `no list at ${path}`)
  return (data as readonly ({ name?: unknown; roles?: unknown; perms?: unknown } | null)[]).flatMap((one) =>
    typeof one?.name === 'string' ? [{ ...one, name: one.name }] : [],
  )
}
