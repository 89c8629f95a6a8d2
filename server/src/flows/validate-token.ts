/**
 * The one validate function. GET and HEAD /v3/auth/tokens, the caller's own X-Auth-Token, rescoping, exchange: all of
 * them ask here, so that no side door has its own opinion of a token.
 *
 * A validated session is remembered under the token's text until anything changes in the database (the epoch), and
 * never past its expiry; that a token of ours is void, for a second at most.
 */
import { type Claims, decodeFernet, decodeJws, type Refused } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { authMethods } from './auth-methods.ts'
import { loadSession } from './load-session.ts'
import { asActing } from './trust-holder.ts'

/** By weight: sessions of a few kilobytes each. */
const REMEMBERED = 20_000
/** How many things in a session's lists weigh as much as the rest of it. */
const AS_HEAVY = 20
/** Void tokens that are remembered. Apart from the good ones, which they shall not displace. */
const VOID_REMEMBERED = 1000
/** Microseconds a session is remembered whose rights may end by themselves, and a token that rights might come back to. */
const LAPSING = 1_000_000

interface Remembered {
  readonly session: Session
  readonly until: number
  readonly weight: number
}

interface Memory {
  epoch: number
  readonly sessions: Map<string, Remembered>
  weight: number
  /** Refusals of tokens that are void: one that is revoked may be asked about for hours. */
  readonly voids: Map<string, { readonly refusal: Refusal; readonly until: number }>
}

const memories = new WeakMap<Context, Memory>()

export interface ValidateOptions {
  /** Accept a token that expired up to `allow-expired-window` seconds ago (service users finishing long work). */
  readonly allowExpired?: boolean
  /** The temporary access key whose signature the token came with: its session is good for nobody without. */
  readonly signedBy?: string
}

/**
 * The live session of a token text. Refuses with `unauthenticated` whatever the cause: not ours, tampered with,
 * expired, revoked, or built on something that is gone.
 */
export function validateToken(ctx: Context, text: string, options: ValidateOptions = {}): Promise<Session> {
  const known = options.signedBy === undefined ? peekSession(ctx, text) : undefined
  if (known) return Promise.resolve(known)
  const refusal = peekRefusal(ctx, text)
  return refusal ? Promise.reject(refusal) : validateAnew(ctx, text, options)
}

async function validateAnew(ctx: Context, text: string, options: ValidateOptions): Promise<Session> {
  const epoch = ctx.store.epoch()
  const claims = await readToken(ctx, text)
  const now = Math.floor(ctx.now() / 1e6)
  const grace = options.allowExpired ? ctx.settings.allowExpiredWindow : 0
  if (claims.expiresAt + grace <= now) return refuse('unauthenticated', 'expired', NO_LONGER)
  const key = claims.via.at(-1)
  const bound = key?.kind === 'access_key'
  if (bound ? key.id !== options.signedBy : options.signedBy !== undefined) {
    return refuse('unauthenticated', 'a security token without its own signature', NO_LONGER)
  }
  try {
    const session = await loadClaims(ctx, claims)
    if (claims.expiresAt > now && !bound) remember(ctx, text, session, epoch)
    return session
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    throw rememberVoid(ctx, text, new Refusal('unauthenticated', error.reason, NO_LONGER), epoch)
  }
}

async function loadClaims(ctx: Context, claims: Claims): Promise<Session> {
  return loadSession(ctx, await asActing(ctx, claims))
}

/** The remembered session of a token, if it is still the truth; never touches the database. */
export function peekSession(ctx: Context, text: string): Session | undefined {
  const entry = memoryNow(ctx)?.sessions.get(text)
  return entry && entry.until > ctx.now() ? entry.session : undefined
}

/** The claims in a token's text, before anything is looked up. Refuses what is not ours. */
export async function readToken(ctx: Context, text: string): Promise<Claims> {
  const keys = await ctx.keys.tokens()
  const decoded: Claims | Refused = text.includes('.')
    ? decodeJws(text, keys.jws)
    : decodeFernet(text, keys.fernet, { methods: authMethods(ctx.settings) })
  if ('refused' in decoded) {
    return refuse('unauthenticated', `not a token of ours: ${decoded.detail}`, UNREADABLE)
  }
  return decoded
}

/** Marks a refusal as being about a token, for wires that tell that apart. */
const UNREADABLE = { subject: { kind: 'token', id: 'unreadable' } } as const
const NO_LONGER = { subject: { kind: 'token', id: 'void' } } as const

function peekRefusal(ctx: Context, text: string): Refusal | undefined {
  const entry = memoryNow(ctx)?.voids.get(text)
  return entry && entry.until > ctx.now() ? entry.refusal : undefined
}

function rememberVoid(ctx: Context, text: string, refusal: Refusal, epoch: number): Refusal {
  const { voids } = memoryOf(ctx, epoch)
  if (voids.size >= VOID_REMEMBERED) voids.clear()
  voids.set(text, { refusal, until: ctx.now() + LAPSING })
  return refusal
}

/** What is remembered, if it is still the truth. */
function memoryNow(ctx: Context): Memory | undefined {
  const memory = memories.get(ctx)
  return memory?.epoch === ctx.store.epoch() ? memory : undefined
}

function memoryOf(ctx: Context, epoch: number): Memory {
  let memory = memories.get(ctx)
  // `!==` also forgets everything while the epoch is unknown (NaN).
  if (!memory || memory.epoch !== epoch) {
    memory = { epoch, sessions: new Map(), weight: 0, voids: new Map() }
    memories.set(ctx, memory)
  }
  return memory
}

function remember(ctx: Context, text: string, session: Session, epoch: number): void {
  const memory = memoryOf(ctx, epoch)
  const weight = weightOf(session)
  const drop = (key: string, { weight }: Remembered): void => {
    memory.sessions.delete(key)
    memory.weight -= weight
  }
  const known = memory.sessions.get(text)
  if (known) drop(text, known)
  for (const [oldest, entry] of memory.sessions) {
    if (memory.weight + weight <= REMEMBERED) break
    drop(oldest, entry)
  }
  const expiry = session.claims.expiresAt * 1e6
  const until = session.lapses ? Math.min(expiry, ctx.now() + LAPSING) : expiry
  memory.sessions.set(text, { session, until, weight })
  memory.weight += weight
}

/** Access rules and groups come by the thousand, and whoever has them may make any number of tokens. */
function weightOf({ delegation: { applicationCredential, federation } }: Session): number {
  const things = (applicationCredential?.accessRules?.length ?? 0) + (federation?.groups.length ?? 0)
  return 1 + Math.floor(things / AS_HEAVY)
}
