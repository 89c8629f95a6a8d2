/**
 * One check per token at a time, its answer reused for at most `cacheMs` counted from when it was asked, and never past
 * the token's own end. After that nothing is known: with the token service away the answer is `unavailable`, not the
 * last one. Checks of one token that arrive together share one question.
 */

import { type OnlineCheck, trouble, type Verdict } from './online-check.ts'
import type { Clock } from './options.ts'
import { createBoundedCache, tokenKey } from './token-cache.ts'

/** A token refused now may be a token of a moment later on another node: keep refusals only against floods. */
const REFUSED_MS = 2_000
const REFUSED_ENTRIES = 1_000

export interface TokenCheckLimits {
  readonly cacheMs: number
  readonly cacheSize: number
  readonly maxPending: number
}

export interface TokenCheck {
  readonly check: (token: string, allowExpired: boolean) => Promise<Verdict>
  /** What is held in memory now: entries and questions under way. */
  readonly size: () => { readonly valid: number; readonly refused: number; readonly pending: number }
}

export function createTokenCheck(online: OnlineCheck, limits: TokenCheckLimits, clock: Clock): TokenCheck {
  const valid = createBoundedCache<Verdict>(limits.cacheMs === 0 ? 0 : limits.cacheSize)
  const refused = createBoundedCache<Verdict>(limits.cacheMs === 0 ? 0 : REFUSED_ENTRIES)
  const pending = new Map<string, Promise<Verdict>>()

  function keep(key: string, verdict: Verdict, askedAtMs: number): void {
    if (verdict.kind === 'unavailable') return
    if (verdict.kind === 'valid') valid.set(key, verdict, askedAtMs + limits.cacheMs)
    else refused.set(key, verdict, askedAtMs + Math.min(limits.cacheMs, REFUSED_MS))
  }

  async function ask(key: string, token: string, allowExpired: boolean): Promise<Verdict> {
    const askedAtMs = clock.monotonicMs()
    try {
      const verdict = await online(token, allowExpired)
      keep(key, verdict, askedAtMs)
      return verdict
    } finally {
      pending.delete(key)
    }
  }

  /** A cached token may have reached its end since. */
  function current(verdict: Verdict | undefined, allowExpired: boolean): Verdict | undefined {
    if (verdict?.kind !== 'valid' || allowExpired) return verdict
    const { expiresAt } = verdict.token.identity
    return expiresAt > clock.wallMs() ? verdict : { kind: 'expired', expiresAt }
  }

  return {
    async check(token, allowExpired) {
      const key = tokenKey(token, allowExpired)
      const nowMs = clock.monotonicMs()
      const known = current(valid.get(key, nowMs), allowExpired) ?? refused.get(key, nowMs)
      if (known !== undefined) return known
      const underWay = pending.get(key)
      if (underWay !== undefined) return underWay
      if (pending.size >= limits.maxPending) {
        return trouble('overloaded', `${pending.size} checks are under way`, 1)
      }
      const asked = ask(key, token, allowExpired)
      pending.set(key, asked)
      return asked
    },
    size: () => ({ valid: valid.size(), refused: refused.size(), pending: pending.size }),
  }
}
