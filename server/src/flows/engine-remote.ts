/**
 * The engine's own software, told of accounts and roles through its own API: a service-center, or a Nacos. Called only at
 * addresses that the operator's configuration lists (`engine-addresses`), to the letter and without following redirects,
 * so that nobody who may make engines chooses what is called (CVE-2023-44313); with a token of root that lives a minute.
 */
import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import { engineLimits } from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import type { EngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { rootToken } from './engine-tokens.ts'

const TIMEOUT_MS = 5000
const MOST_BYTES = 4_000_000

interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form; in the query where there is no body. */
  readonly form?: Readonly<Record<string, string>>
}

interface Answered {
  readonly status: number
  readonly body: unknown
}

/** Whether calls go out for this engine at all. */
export function isMirrored(engine: EngineRecord): engine is EngineRecord & { readonly address: string } {
  return engine.address !== null
}

/** Refuses an address that the operator has not listed. */
export function refuseUnlisted(ctx: Pick<Context, 'settings'>, address: string): void {
  if (ctx.settings.engineAddresses.includes(address)) return
  refuse('bad_request', `address ${address} is not listed`, {
    wireCode: 'ENGINE.0412',
    message: 'The address of the engine is not among those that the operator allows.',
  })
}

async function ask(ctx: Context, engine: EngineRecord, asked: Asked): Promise<Answered> {
  const address = engine.address ?? ''
  refuseUnlisted(ctx, address)
  const token = await rootToken(ctx, engine, engineLimits.rootTokenLife)
  const form = asked.form && new URLSearchParams(asked.form)
  const inQuery = form && asked.method !== 'POST'
  const json = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const body = inQuery ? undefined : (form ?? json)
  try {
    const response = await fetch(`${address}${asked.path}${inQuery ? `?${form}` : ''}`, {
      method: asked.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const bytes = await response.bytes()
    if (bytes.length > MOST_BYTES) return unreachable(engine, 'too long an answer')
    return { status: response.status, body: parsed(Buffer.from(bytes).toString('utf8')) }
  } catch (error) {
    return unreachable(engine, (error as Error).message)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreachable(engine: EngineRecord, why: string): never {
  return refuse('unavailable', `engine ${engine.id} at ${engine.address}: ${why}`, {
    message: 'The engine cannot be reached.',
  })
}

async function told(
  ctx: Context,
  engine: EngineRecord,
  asked: Asked,
  fine: (a: Answered) => boolean = isFine,
) {
  const answered = await ask(ctx, engine, asked)
  if (fine(answered)) return answered
  const code = errorCodeOf(answered)
  return refuse('bad_request', `engine answered ${answered.status} ${code}`, {
    wireCode: 'ENGINE.0413',
    message: `The engine refused the change (${answered.status}${code === '' ? '' : `, ${code}`}).`,
  })
}

const isFine = ({ status }: Answered): boolean => status >= 200 && status < 300

function errorCodeOf({ body }: Answered): string {
  const code = (body as { errorCode?: unknown } | null | undefined)?.errorCode
  return typeof code === 'string' && /^\d{6}$/.test(code) ? code : ''
}

/** Makes accounts there. A name that is there already is refused: it may be somebody else's. */
export async function mirrorNewAccounts(
  ctx: Context,
  engine: EngineRecord,
  accounts: readonly (EngineAccount & { readonly password?: string | undefined })[],
): Promise<void> {
  if (!isMirrored(engine)) return
  if (engine.specType === 'Nacos2') {
    for (const account of accounts) await newNacosUser(ctx, engine, account)
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

export async function mirrorAccountRoles(
  ctx: Context,
  engine: EngineRecord,
  account: Pick<EngineAccount, 'name' | 'roles' | 'status'>,
): Promise<void> {
  if (!isMirrored(engine) || engine.specType === 'Nacos2') return
  const { name, roles, status } = account
  await told(ctx, engine, {
    method: 'PUT',
    path: `/v4/accounts/${encodeURIComponent(name)}`,
    body: { roles, status },
  })
}

/** Removes it there; one that is not there is as good as removed. */
export async function mirrorRemoval(ctx: Context, engine: EngineRecord, name: string): Promise<void> {
  if (!isMirrored(engine)) return
  if (engine.specType === 'Nacos2') {
    await nacos(ctx, engine, { method: 'DELETE', what: 'user', form: { username: name } })
    return
  }
  const asked = { method: 'DELETE', path: `/v4/accounts/${encodeURIComponent(name)}` } as const
  await told(ctx, engine, asked, (a) => isFine(a) || errorCodeOf(a) === '400200')
}

export async function mirrorRole(
  ctx: Context,
  engine: EngineRecord,
  role: { readonly name: string; readonly perms: unknown; readonly mode: 'create' | 'update' },
): Promise<void> {
  if (!isMirrored(engine) || engine.specType === 'Nacos2') return
  const { name, perms, mode } = role
  await told(
    ctx,
    engine,
    mode === 'create'
      ? { method: 'POST', path: '/v4/roles', body: { name, perms } }
      : { method: 'PUT', path: `/v4/roles/${encodeURIComponent(name)}`, body: { name, perms } },
  )
}

interface NacosAsked extends Pick<Asked, 'method'> {
  readonly what: 'user' | 'role' | 'permission'
  readonly form: Readonly<Record<string, string>>
}

/** Nacos' admin API of version 3, else the one before. */
async function nacos(
  ctx: Context,
  engine: EngineRecord,
  { method, what, form }: NacosAsked,
): Promise<Answered> {
  const newer = await ask(ctx, engine, { method, path: `/nacos/v3/auth/${what}`, form })
  if (newer.status !== 404 && newer.status !== 501) return isFine(newer) ? newer : await refusedBy(newer)
  return told(ctx, engine, { method, path: `/nacos/v1/auth/${what}s`, form })
}

async function refusedBy({ status }: Answered): Promise<never> {
  return refuse('bad_request', `Nacos answered ${status}`, {
    wireCode: 'ENGINE.0413',
    message: `The engine refused the change (${status}).`,
  })
}

/** A user with a password nobody knows, a role of the user's own, and that role's right on the one namespace. */
async function newNacosUser(ctx: Context, engine: EngineRecord, account: EngineAccount): Promise<void> {
  const { name: username, namespace, roles } = account
  const password = randomBytes(24).toString('base64url')
  await nacos(ctx, engine, { method: 'POST', what: 'user', form: { username, password } })
  const role = username
  await nacos(ctx, engine, { method: 'POST', what: 'role', form: { role, username } })
  const resource = `${namespace === '' ? 'public' : namespace}:*:*`
  const action = roles.includes('rw') || roles.length > 1 ? 'rw' : (roles[0] ?? 'r')
  await nacos(ctx, engine, { method: 'POST', what: 'permission', form: { role, resource, action } })
}

export interface RemoteAccount {
  readonly name: string
  readonly roles: readonly string[]
}

/** The accounts that a service-center has. */
export async function remoteAccounts(ctx: Context, engine: EngineRecord): Promise<readonly RemoteAccount[]> {
  const { body } = await told(ctx, engine, { method: 'GET', path: '/v4/accounts' })
  const data = (body as { data?: unknown } | undefined)?.data
  if (!Array.isArray(data)) return unreachable(engine, 'no list of accounts')
  return data.flatMap((one: { name?: unknown; roles?: unknown } | null) =>
    typeof one?.name === 'string'
      ? [{ name: one.name, roles: Array.isArray(one.roles) ? one.roles.map(String) : [] }]
      : [],
  )
}
