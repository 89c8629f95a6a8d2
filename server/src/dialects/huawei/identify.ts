/** Who calls: by X-Auth-Token, or by the signature of an access key. */
import { createHash } from 'node:crypto'
import type { Context } from '../../context.ts'
import { refuse } from '../../core/refusal.ts'
import type { Session } from '../../core/session.ts'
import { accessSecret } from '../../flows/access-keys.ts'
import { demandAddress } from '../../flows/account-security.ts'
import { openKeySession } from '../../flows/key-session.ts'
import { splitSecurityToken } from '../../flows/role-session.ts'
import { validateToken } from '../../flows/validate-token.ts'
import type { Incoming } from '../../http/operation.ts'
import { useOnce } from '../../store/used-once.ts'
import { isSignedWith, looksSigned, parseSignature } from './signature.ts'

/** Seconds a signature may be old or early. */
const FRESH = 900

/** What a project's services are called by. */
const CATALOG = /^\/v3\/auth\/catalog\/?$/

/** Refused for its token: the wire says so where it has words of its own for that. */
const BAD_TOKEN = { subject: { kind: 'caller', id: 'token' } } as const
const BAD_SIGNATURE = { subject: { kind: 'caller', id: 'signature' } } as const

/**
 * The caller's session. Refuses `unauthenticated`, alike for a key that is not there and a signature that is wrong; a
 * request that is signed is judged by its signature alone, whatever token it carries besides.
 */
export async function identify(ctx: Context, incoming: Incoming): Promise<Session> {
  const session = await (looksSigned(incoming) ? identifySigned : identifyByToken)(ctx, incoming)
  await demandAddress(ctx, session, incoming.remoteAddress)
  return session
}

async function identifyByToken(ctx: Context, incoming: Incoming): Promise<Session> {
  const token = incoming.headers['x-auth-token']
  if (typeof token !== 'string' || token === '')
    return refuse('unauthenticated', 'no X-Auth-Token', BAD_TOKEN)
  const session = await validateToken(ctx, token).catch((error: { reason?: string }) => {
    if ((error as { code?: unknown }).code !== 'unauthenticated') throw error
    return refuse('unauthenticated', error.reason ?? 'token', BAD_TOKEN)
  })
  if (session.claims.via.some((link) => link.kind === 'credential')) {
    return refuse('forbidden', 'EC2 session as caller')
  }
  return session
}

async function identifySigned(ctx: Context, incoming: Incoming): Promise<Session> {
  const signature = parseSignature(incoming)
  if (!signature) return refuse('unauthenticated', 'a signature that cannot be read', BAD_SIGNATURE)
  const { token, policy } = splitSecurityToken(header(incoming, 'x-security-token'))
  const secret = await accessSecret(ctx, signature.access, policy)
  // Of a key that is not there the signature is computed all the same.
  const good = isSignedWith(secret ?? 'no such key', signature, incoming)
  if (!good || secret === undefined) return refuse('unauthenticated', 'signature', BAD_SIGNATURE)
  if (Math.abs(signature.signedAt - ctx.now() / 1e6) > FRESH) {
    return refuse('unauthenticated', 'a signature of another time', BAD_SIGNATURE)
  }
  const session = await openKeySession(ctx, {
    access: signature.access,
    securityToken: token,
    policy,
    hint: {
      projectId: header(incoming, 'x-project-id'),
      domainId: header(incoming, 'x-domain-id'),
      // Nearly everything here manages an account; clients name the project that their other calls are about.
      whole: CATALOG.test(incoming.path) ? 'last' : 'first',
    },
  })
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') await useUp(ctx, signature)
  return session
}

/** A change is asked for once (CVE-2020-12692): the same signature again is somebody repeating what they overheard. */
async function useUp(
  ctx: Context,
  signature: { readonly access: string; readonly signature: string },
): Promise<void> {
  const now = ctx.now()
  const once = {
    space: `sdk-hmac:${signature.access}`,
    value: createHash('sha256').update(signature.signature.toLowerCase()).digest('hex'),
    expiresAt: now + 2 * FRESH * 1e6,
  }
  if (!(await ctx.store.record((tx) => useOnce(tx, once, now)))) {
    refuse('unauthenticated', 'signature used twice', BAD_SIGNATURE)
  }
}

function header({ headers }: Incoming, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
