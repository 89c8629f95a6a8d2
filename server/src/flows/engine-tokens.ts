/**
 * Tokens of engines, made and read. ServiceComb: `{"alg":"RS512","typ":"JWT"}` with `account`, `roles`, `exp`; beside
 * them `sub` (which incarnation of the account) and `jti` (what the audit trail calls it), which service-center does not
 * look at. Nacos: `{"alg":"HS256"}` with `sub` and `exp` and nothing else. Never `role`, which service-center would
 * believe before `roles`, and no `iat`, for which it has no leeway.
 *
 * Signing RSA is slow, so a token is given again while at least half of the life a new one would have is left; whether
 * it may be given at all is decided each time by who calls this.
 */
import { randomBytes } from 'node:crypto'
import { signCompact, verifyCompact } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { findAgency } from '../store/agencies.ts'
import { type EngineAccount, findEngineAccount } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { findUser } from '../store/identity.ts'
import { signingKey, verifyingKeys } from './engine-keys.ts'

export interface EngineToken {
  readonly text: string
  /** Names the token in the audit trail; '' in a Nacos engine, whose tokens have no room for it. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

export interface TokenWish {
  readonly account: EngineAccount
  /** Seconds. */
  readonly life: number
  /** What it derives from (a session's audit id), and when that ends, in seconds since the epoch. */
  readonly origin: { readonly id: string; readonly expiresAt: number }
}

const REMEMBERED = 10_000
const memories = new WeakMap<Context, Map<string, EngineToken>>()

/** A token of `account`, never longer than its origin. Refuses `bad_request` when the origin has ended. */
export async function engineToken(ctx: Context, engine: EngineRecord, wish: TokenWish): Promise<EngineToken> {
  const { account, origin } = wish
  const now = Math.floor(ctx.now() / 1e6)
  const life = Math.min(wish.life, engine.maxTokenSeconds, origin.expiresAt - now)
  if (life <= 0) return refuse('bad_request', 'the session ends now')
  const { id: keyId, key } = await signingKey(ctx, engine)
  const memory = memories.get(ctx) ?? new Map<string, EngineToken>()
  memories.set(ctx, memory)
  const place = JSON.stringify([engine.id, keyId, account.incarnation, account.roles, origin.id, wish.life])
  const known = memory.get(place)
  if (known && known.expiresAt - now >= life / 2 && known.expiresAt <= now + life) return known
  const expiresAt = now + life
  const id = engine.specType === 'Nacos2' ? '' : randomBytes(16).toString('base64url')
  const text =
    engine.specType === 'Nacos2'
      ? signCompact({ sub: account.name, exp: expiresAt }, key, { typ: null })
      : signCompact(
          { account: account.name, exp: expiresAt, jti: id, roles: account.roles, sub: account.incarnation },
          key,
        )
  const token = { text, id, expiresAt }
  const [oldest] = memory.keys()
  if (memory.size >= REMEMBERED && oldest !== undefined) memory.delete(oldest)
  memory.set(place, token)
  return token
}

/** A token that administers the engine's own software for a minute; good there even before it knows any account. */
export async function rootToken(ctx: Context, engine: EngineRecord, seconds: number): Promise<string> {
  const { key } = await signingKey(ctx, engine)
  const exp = Math.floor(ctx.now() / 1e6) + seconds
  return engine.specType === 'Nacos2'
    ? signCompact({ sub: 'nacos', exp }, key, { typ: null })
    : signCompact({ account: 'root', exp, roles: ['admin'] }, key)
}

/** What a good token stands for. */
export interface EngineCaller {
  readonly engine: EngineRecord
  readonly account: EngineAccount
  /** Those of the token that the account still has. */
  readonly roles: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** Why a token is not good: service-center has a code of its own for two of them. */
export type EngineTokenFault = 'invalid' | 'expired' | 'account_gone'

/**
 * Reads a token of a ServiceComb engine as strictly as it was made: signed by a key of this very engine, `exp` an
 * integer, `roles` a list of names, no `role`, the account there and the one the token was made for, and so is, where
 * the account has no password, the enabled user or the agency that it stands for.
 */
export async function readEngineToken(
  ctx: Context,
  engine: EngineRecord,
  text: string,
): Promise<EngineCaller | EngineTokenFault> {
  if (engine.specType !== 'CSE2') return 'invalid'
  const verified = verifyCompact(text, await verifyingKeys(ctx, engine))
  if ('refused' in verified) return 'invalid'
  const { account: name, roles, exp, sub, role } = verified.claims
  if (typeof name !== 'string' || typeof exp !== 'number' || !Number.isSafeInteger(exp)) return 'invalid'
  if (!isRoleList(roles) || role !== undefined || typeof sub !== 'string') return 'invalid'
  if (exp * 1e6 <= ctx.now()) return 'expired'
  const account = await findEngineAccount(ctx.store.db, engine.id, { name })
  if (!account || account.incarnation !== sub || account.status !== 'active') return 'account_gone'
  if (!(await isStillBacked(ctx, account))) return 'account_gone'
  return { engine, account, roles: roles.filter((one) => account.roles.includes(one)), expiresAt: exp }
}

/** Without a password only sessions of its user or agency brought tokens: they end with whoever that is. */
async function isStillBacked({ store }: Context, { hash, principalId }: EngineAccount): Promise<boolean> {
  if (hash !== null || principalId === null) return true
  const reference = { id: principalId }
  const [user, agency] = await Promise.all([findUser(store.db, reference), findAgency(store.db, reference)])
  return user ? user.enabled && user.domain.enabled : agency?.domain.enabled === true
}

function isRoleList(roles: unknown): roles is readonly string[] {
  return Array.isArray(roles) && roles.length > 0 && roles.every((one) => typeof one === 'string')
}
