/**
 * Runs the methods a request names and joins what they prove. All of them must prove one and the same user; a method
 * that is named and not proved refuses the whole request.
 */
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { METHODS } from './methods.ts'
import type { Proof } from './proof.ts'

/** `identity` of an auth request, methods already without repetition: one entry of payload per method. */
export interface Identity {
  readonly methods: readonly string[]
  readonly payloads: Readonly<Record<string, unknown>>
}

/** Methods whose opening is not a setting: without an agency that trusts the account nobody gets in by them. */
const OPEN_BY_AGENCY: readonly string[] = ['assume_role']

/** Who presents the request, where it matters: the X-Auth-Token of `assume_role`, and where it came from. */
export interface Presenter {
  readonly session: Session | null
  readonly address?: string | undefined
  /** Aborts when they go before they have their answer. */
  readonly left?: () => AbortSignal
}

/**
 * The joined proof. Refuses `unsupported_method` for a method this server does not offer, `unauthenticated` for one that
 * failed or for methods that prove different users.
 */
export async function authenticate(ctx: Context, identity: Identity, presenter: Presenter): Promise<Proof> {
  const methods = identity.methods.map((name) => {
    const method = METHODS[name]
    // What a web server in front has found out is nothing that a request can prove.
    if (name === 'external') return refuse('unauthenticated', 'nobody was authenticated outside')
    if (!method || !(OPEN_BY_AGENCY.includes(name) || ctx.settings.authMethods.includes(name))) {
      throw new Refusal('unsupported_method', `method ${name}`)
    }
    return method
  })
  if (methods.length > 1 && identity.methods.includes('assume_role')) {
    return refuse('bad_request', 'assume_role beside another method')
  }
  let joined: Proof | undefined
  for (const [index, method] of methods.entries()) {
    const payload = identity.payloads[identity.methods[index] ?? '']
    const proof = await method(ctx, payload, presenter)
    joined = joined ? join(joined, proof) : proof
  }
  return joined ?? refuse('bad_request', 'no method named')
}

/** Two proofs of one user: both bounds hold. */
function join(a: Proof, b: Proof): Proof {
  if (a.user.id !== b.user.id) return refuse('unauthenticated', 'methods prove different users')
  if (a.onlyScope && b.onlyScope) return refuse('unauthenticated', 'two delegations at once')
  return {
    user: b.user,
    methods: [...new Set([...a.methods, ...b.methods])],
    via: [...a.via, ...b.via],
    expiresAt: minOf(a.expiresAt, b.expiresAt),
    chain: a.chain ?? b.chain,
    parent: a.parent ?? b.parent,
    onlyScope: a.onlyScope ?? b.onlyScope,
  }
}

function minOf(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}
