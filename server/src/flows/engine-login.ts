/**
 * The engine's own login, for clients that know nothing of the cloud: name and password become a token. Failures are
 * counted for a name and the address that tries it: the peer's own, or what a trusted proxy says, never what the client
 * writes into a header. So nobody dodges the lock, and nobody locks out somebody else.
 */
import type { Context } from '../context.ts'
import { addressBlock, engineLockout, isAccountName } from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import { verifyPassword } from '../hashing/hash.ts'
import { appendAudit } from '../store/audit.ts'
import {
  countEngineFailure,
  type EngineAccount,
  type EngineLock,
  findEngineAccount,
  findEngineLock,
  forgetEngineFailures,
} from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { type EngineToken, engineToken } from './engine-tokens.ts'

export interface EngineLogin {
  readonly name: string
  readonly password: string
  /** Of the peer. */
  readonly address: string
  readonly requestId: string
}

/** service-center's numbers for a wrong login and a locked one. */
export const loginFaults = {
  wrong: { wireCode: '401202', message: 'User name or password is wrong' },
  locked: { wireCode: '403201', message: 'Account is blocked' },
} as const

/**
 * The account of a name and password. Refuses `unauthenticated` alike for an unknown name, one without a password, an
 * inactive one and a wrong password, at the same cost; `forbidden` while locked; `busy` when hashing is at its limit.
 */
export async function proveAccount(
  ctx: Context,
  engine: EngineRecord,
  login: EngineLogin,
): Promise<EngineAccount> {
  const who = { name: login.name, address: addressBlock(login.address) }
  refuseLocked(await findEngineLock(ctx.store.db, engine.id, who), ctx.now())
  const account = isAccountName(login.name)
    ? await findEngineAccount(ctx.store.db, engine.id, { name: login.name })
    : undefined
  const kdf = ctx.kdf.forRequest({ lane: who.address })
  const right = await verifyPassword(kdf, account?.hash ?? null, login.password, ctx.settings)
  if (!account || account.hash === null || !right || account.status !== 'active') {
    await countFailure(ctx, engine, who, login.requestId)
    return refuse('unauthenticated', 'wrong name or password', loginFaults.wrong)
  }
  // Guesses that were sent all at once are all looked up before the first of them is found wrong.
  await ctx.store.record(async (tx) => {
    refuseLocked(await forgetEngineFailures(tx, engine.id, who), ctx.now())
  })
  return account
}

type Who = { readonly name: string; readonly address: string }

function refuseLocked(lock: EngineLock | undefined, now: number): void {
  if (lock && lock.failures >= engineLockout.failures && lock.releaseAt > now) {
    refuse('forbidden', 'locked after failed logins', loginFaults.locked)
  }
}

async function countFailure(ctx: Context, engine: EngineRecord, who: Who, requestId: string): Promise<void> {
  const now = ctx.now()
  const { name, address } = who
  await ctx.store.record(async (tx) => {
    if (isAccountName(name)) {
      await countEngineFailure(tx, engine.id, { ...who, releaseAt: now + engineLockout.micros, now })
    }
    await appendAudit(tx, {
      at: now,
      action: 'engine_login',
      outcome: 'refused',
      chain: '',
      actor_id: '',
      target: `engine:${engine.id}`,
      reason: `wrong password or name from ${address}`,
      request_id: requestId,
    })
  })
}

/** Logs in and gives a token of `life` seconds at the most; on the audit trail before it resolves. */
export async function loginToEngine(
  ctx: Context,
  engine: EngineRecord,
  login: EngineLogin & { readonly life: number },
): Promise<{ readonly account: EngineAccount; readonly token: EngineToken }> {
  const account = await proveAccount(ctx, engine, login)
  const origin = { id: 'login', expiresAt: Number.POSITIVE_INFINITY }
  const token = await engineToken(ctx, engine, { account, life: login.life, origin })
  await ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'engine_login',
      outcome: 'success',
      chain: '',
      actor_id: account.principalId ?? '',
      target: `engine:${engine.id}`,
      reason: `account ${account.name} token ${token.id}`,
      request_id: login.requestId,
    }),
  )
  return { account, token }
}
