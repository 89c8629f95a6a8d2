/**
 * A Nacos, told of mapped users through its admin API. Nacos knows users, roles and permissions as rows of their own, and
 * removes none of them with another: a user here is a user there, a role of the user's own, and that role's right on one
 * namespace, and all three are removed together, so that a user made again has no right of the one before.
 */
import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import type { EngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type Answered, type Asked, ask, isFine, refusedBy, unreachable } from './engine-call.ts'

interface NacosAsked extends Pick<Asked, 'method'> {
  readonly what: 'user' | 'role' | 'permission'
  readonly form: Readonly<Record<string, string>>
}

type Mapped = Pick<EngineAccount, 'name' | 'namespace' | 'roles'>

/** The admin API of version 3, else the one before. */
async function nacos(ctx: Context, engine: EngineRecord, asked: NacosAsked): Promise<Answered> {
  const { method, what, form } = asked
  const list = method === 'GET' ? '/list' : ''
  const newer = await ask(ctx, engine, { method, path: `/nacos/v3/auth/${what}${list}`, form })
  const answered =
    newer.status === 404 || newer.status === 501
      ? await ask(ctx, engine, { method, path: `/nacos/v1/auth/${what}s`, form })
      : newer
  return isDone(answered) ? answered : refusedBy(answered)
}

/** Version 1 says some of its refusals with status 200. */
function isDone(answered: Answered): boolean {
  const code = (answered.body as { code?: unknown } | null | undefined)?.code
  return isFine(answered) && (code === undefined || code === 0 || code === 200)
}

/** The public namespace is written '', which Nacos 2 knows by no other name and Nacos 3 reads as `public`. */
const resourceOf = (namespace: string): string => `${namespace}:*:*`

const actionOf = (roles: readonly string[]): string =>
  roles.includes('rw') || roles.length > 1 ? 'rw' : (roles[0] ?? 'r')

function right({ name, namespace, roles }: Mapped): NacosAsked['form'] {
  return { role: name, resource: resourceOf(namespace), action: actionOf(roles) }
}

/** A user with a password nobody knows, unless one is given, its role and its right. */
export async function makeNacosUser(
  ctx: Context,
  engine: EngineRecord,
  account: Mapped & { readonly password?: string | undefined },
): Promise<void> {
  const { name: username, password = randomBytes(24).toString('base64url') } = account
  await nacos(ctx, engine, { method: 'POST', what: 'user', form: { username, password } })
  try {
    await nacos(ctx, engine, { method: 'POST', what: 'role', form: { role: username, username } })
    await nacos(ctx, engine, { method: 'POST', what: 'permission', form: right(account) })
  } catch (error) {
    // Half a user would stand in the way of the next try.
    await removeNacosUser(ctx, engine, account).catch(() => undefined)
    throw error
  }
}

/** The old right goes first: in between there is none. */
export async function changeNacosRights(
  ctx: Context,
  engine: EngineRecord,
  account: Mapped & { readonly status: EngineAccount['status']; readonly before: readonly string[] },
): Promise<void> {
  const old = right({ ...account, roles: account.before })
  await nacos(ctx, engine, { method: 'DELETE', what: 'permission', form: old })
  if (account.status !== 'active') return
  await nacos(ctx, engine, { method: 'POST', what: 'permission', form: right(account) })
}

export async function setNacosPassword(
  ctx: Context,
  engine: EngineRecord,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  const form = { username: name, newPassword: password }
  await nacos(ctx, engine, { method: 'PUT', what: 'user', form })
}

/** Right, role and user, in this order; what is not there is removed as well in Nacos. */
export async function removeNacosUser(ctx: Context, engine: EngineRecord, account: Mapped): Promise<void> {
  const { name: username } = account
  await nacos(ctx, engine, { method: 'DELETE', what: 'permission', form: right(account) })
  await nacos(ctx, engine, { method: 'DELETE', what: 'role', form: { role: username } })
  await nacos(ctx, engine, { method: 'DELETE', what: 'user', form: { username } })
}

export interface NacosUser {
  readonly name: string
  /** Resources with `r`, `w` or `rw` (`dev:*:* rw`), of all the roles that are bound to the user; sorted. */
  readonly rights: readonly string[]
}

/** Whoever has this role may do everything, without a permission. */
const ADMIN = { role: 'ROLE_ADMIN', resource: '*:*:*', action: 'rw' }

/** The users that a Nacos has. */
export async function remoteNacosUsers(ctx: Context, engine: EngineRecord): Promise<readonly NacosUser[]> {
  const users = await pages(ctx, engine, 'user')
  const bound = await pages(ctx, engine, 'role')
  const permissions = [...(await pages(ctx, engine, 'permission')), ADMIN]
  const rightsOf = (name: string): readonly string[] => {
    const roles = new Set(bound.filter(({ username }) => username === name).map(({ role }) => role))
    const held = permissions.filter(({ role }) => roles.has(role))
    return [...new Set(held.map(({ resource, action }) => `${text(resource)} ${text(action)}`))].sort()
  }
  return users.flatMap(({ username: name }) =>
    typeof name === 'string' ? [{ name, rights: rightsOf(name) }] : [],
  )
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '?')

/** What a mapped user has to have there. */
export function expectedRight(account: Mapped): string {
  return `${resourceOf(account.namespace)} ${actionOf(account.roles)}`
}

const PAGE = 500
const MOST_PAGES = 100

async function pages(ctx: Context, engine: EngineRecord, what: NacosAsked['what']) {
  const rows: Readonly<Record<string, unknown>>[] = []
  for (let page = 1; page <= MOST_PAGES; page++) {
    const form = { search: 'accurate', pageNo: String(page), pageSize: String(PAGE) }
    const { body } = await nacos(ctx, engine, { method: 'GET', what, form })
    // Version 3 wraps in `data` what version 1 answers as it is.
    const said = body as { data?: { pageItems?: unknown }; pageItems?: unknown } | null | undefined
    const items = said?.data?.pageItems ?? said?.pageItems
    if (!Array.isArray(items)) return unreachable(engine, `no list of ${what}s`)
    rows.push(...items.filter((item) => typeof item === 'object' && item !== null))
    if (items.length < PAGE) return rows
  }
  return unreachable(engine, `too many ${what}s`)
}
