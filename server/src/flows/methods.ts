/** Ways to prove oneself, by the name requests use. One line each. */
import type { Context } from '../context.ts'
import { addressBlock } from '../core/engine-rules.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { KdfRunner } from '../hashing/kdf-pool.ts'
import {
  type ApplicationCredentialPayload,
  proveApplicationCredential,
} from '../methods/application-credential/method.ts'
import type { AssumeRolePayload } from '../methods/assume-role/method.ts'
import { type PasswordPayload, provePassword } from '../methods/password/method.ts'
import { proveToken } from '../methods/token/method.ts'
import { proveTotp, type TotpPayload } from '../methods/totp/method.ts'
import { assumeAgency } from './assume-agency.ts'
import type { Presenter } from './authenticate.ts'
import { proveOauth1, type SignedOauthRequest } from './oauth1.ts'
import type { Proof } from './proof.ts'
import { recallUser } from './recall.ts'
import { validateToken } from './validate-token.ts'

/** Payloads are checked by the dialect's schema before they come here. */
export type Method = (ctx: Context, payload: unknown, presenter: Presenter) => Promise<Proof>

export const METHODS: Readonly<Record<string, Method | undefined>> = Object.assign(Object.create(null), {
  application_credential: applicationCredential,
  assume_role: assumeRole,
  oauth1: (ctx: Context, payload: unknown) => proveOauth1(ctx, payload as SignedOauthRequest),
  mapped,
  password,
  token,
  totp,
})

/** Those of one address, or one network of IPv6, wait behind each other, and nobody's secret is hashed who has left. */
function hashingFor({ kdf }: Context, { address, left }: Presenter): KdfRunner {
  return kdf.forRequest({
    ...(address !== undefined && { lane: addressBlock(address) }),
    ...(left && { signal: left() }),
  })
}

/** A proof that stands on nothing before it. */
const FRESH = { via: [], expiresAt: null, chain: null, parent: null, onlyScope: null } as const

async function password(ctx: Context, payload: unknown, presenter: Presenter): Promise<Proof> {
  const tools = { ...ctx, kdf: hashingFor(ctx, presenter) }
  const outcome = await provePassword(tools, payload as PasswordPayload)
  if (!outcome.proven) {
    const code = outcome.why === 'expired' ? 'password_expired' : 'unauthenticated'
    const subject = { kind: 'user', id: outcome.userId ?? '' }
    throw new Refusal(code, `${outcome.reason} (user ${outcome.userId ?? 'unknown'})`, { subject })
  }
  return { user: outcome.user, methods: ['password'], ...FRESH }
}

async function applicationCredential(ctx: Context, payload: unknown, presenter: Presenter): Promise<Proof> {
  const tools = { ...ctx, kdf: hashingFor(ctx, presenter) }
  const outcome = await proveApplicationCredential(tools, payload as ApplicationCredentialPayload)
  if (!outcome.proven) {
    const subject = { kind: 'user', id: outcome.userId ?? '' }
    throw new Refusal('unauthenticated', outcome.reason, { subject })
  }
  const { user, credential } = outcome
  return {
    ...FRESH,
    user,
    methods: ['application_credential'],
    via: [{ kind: 'application_credential', id: credential.id }],
    onlyScope: { kind: 'project', id: credential.projectId },
  }
}

async function totp(ctx: Context, payload: unknown): Promise<Proof> {
  const outcome = await proveTotp(ctx, payload as TotpPayload)
  if (!outcome.proven) {
    const subject = { kind: 'user', id: outcome.userId ?? '' }
    throw new Refusal('unauthenticated', outcome.reason, { subject })
  }
  return { user: outcome.user, methods: ['totp'], ...FRESH }
}

async function token(ctx: Context, payload: unknown): Promise<Proof> {
  const session = await validateToken(ctx, (payload as { id: string }).id)
  const verdict = proveToken(session)
  if ('forbidden' in verdict) {
    throw new Refusal('forbidden', verdict.forbidden, { rule: verdict.forbidden })
  }
  const user = await recallUser(ctx, session.user.id)
  return { user: user ?? refuse('unauthenticated', 'user is gone'), ...verdict }
}

async function assumeRole(ctx: Context, payload: unknown, presenter: Presenter): Promise<Proof> {
  const session = presenter.session ?? refuse('unauthenticated', 'nobody to act as an agency')
  return assumeAgency(ctx, session, { ...(payload as AssumeRolePayload), address: presenter.address })
}

/** A federated session shown again under its own method's name. Assertions come in by their providers' paths. */
async function mapped(ctx: Context, payload: unknown): Promise<Proof> {
  const proof = await token(ctx, payload)
  if (proof.via.some((link) => link.kind === 'federation')) return proof
  return refuse('unauthenticated', 'mapped with a session that is not federated')
}
