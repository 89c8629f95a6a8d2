/** From an EC2 or S3 signature to a session of the key's owner on the key's project. Only services may ask. */
import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import {
  isS3TextSignedBy,
  isSignedBy,
  type SignedRequest,
  s3ExpiresAt,
  s3SignedAt,
  signedAt,
} from '../methods/ec2/signature.ts'
import { findCredential } from '../store/credentials.ts'
import { findUser } from '../store/identity.ts'
import { useOnce } from '../store/used-once.ts'
import { type Issued, issueFor } from './issue-token.ts'

/** Seconds a signature may be old or early. */
const FRESH = 900

/** Id of the credential of an access key, as Keystone makes it. */
export function credentialIdOf(access: string): string {
  return createHash('sha256').update(access).digest('hex')
}

export interface Ec2Blob {
  readonly access: string
  readonly secret: string
}

/** Signs in by a signed request; each signature once, fresh ones only (CVE-2020-12692). */
export async function ec2Login(ctx: Context, request: SignedRequest): Promise<Issued> {
  const begunAt = ctx.now()
  const key = await keyOf(ctx, request.access)
  if (!key || !isSignedBy(key.secret, request)) return refuse('unauthenticated', 'EC2 signature')
  demandFresh(ctx, signedAt(request))
  const once = {
    space: `ec2:${key.credentialId}`,
    value: createHash('sha256').update(request.signature).digest('hex'),
    expiresAt: ctx.now() + 2 * FRESH * 1e6,
  }
  if (!(await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))) {
    return refuse('unauthenticated', 'EC2 signature used twice')
  }
  return issueThrough(ctx, key, begunAt)
}

/**
 * Signs in by a signed S3 text: of a request while it is fresh, of a pre-signed URL until its end. A gateway may ask again
 * about a request its client repeats.
 */
export async function s3Login(
  ctx: Context,
  request: { readonly access: string; readonly signature: string; readonly text: string },
): Promise<Issued> {
  const begunAt = ctx.now()
  const key = await keyOf(ctx, request.access)
  if (!key || !isS3TextSignedBy(key.secret, request.text, request.signature)) {
    return refuse('unauthenticated', 'S3 signature')
  }
  demandTimely(ctx, request.text)
  return issueThrough(ctx, key, begunAt)
}

interface Key {
  readonly credentialId: string
  readonly userId: string
  readonly projectId: string
  readonly secret: string
}

async function keyOf(ctx: Context, access: string): Promise<Key | undefined> {
  const credential = await findCredential(ctx.store.db, credentialIdOf(access))
  if (credential?.type.toLowerCase() !== 'ec2' || credential.projectId === null) return undefined
  const blob = JSON.parse(ctx.keys.open(credential.sealedBlob, `credential:${credential.id}`)) as Record<
    string,
    unknown
  >
  // A key that a delegation once made is bound to it, and is not made here any more (CVE-2026-43001).
  if (['trust_id', 'app_cred_id', 'access_token_id'].some((name) => blob[name])) return undefined
  if (typeof blob['secret'] !== 'string') return undefined
  return {
    credentialId: credential.id,
    userId: credential.userId,
    projectId: credential.projectId,
    secret: blob['secret'],
  }
}

function demandFresh(ctx: Context, seconds: number | undefined): void {
  if (seconds === undefined) refuse('unauthenticated', 'a signature without a time')
  else if (Math.abs(seconds - ctx.now() / 1e6) > FRESH)
    refuse('unauthenticated', 'a signature of another time')
}

function demandTimely(ctx: Context, text: string): void {
  const [now, signedAt, expiresAt] = [ctx.now() / 1e6, s3SignedAt(text), s3ExpiresAt(text)]
  if (expiresAt === undefined) demandFresh(ctx, signedAt)
  else if (now > expiresAt) refuse('unauthenticated', 'an S3 text past its end')
  else if (signedAt !== undefined && signedAt > now + FRESH)
    refuse('unauthenticated', 'an S3 text from ahead')
}

async function issueThrough(ctx: Context, key: Key, begunAt: number): Promise<Issued> {
  const user = await findUser(ctx.store.db, { id: key.userId })
  if (!user) return refuse('unauthenticated', 'the key’s user is gone')
  const proof = {
    user,
    methods: ['ec2credential'],
    via: [{ kind: 'credential', id: key.credentialId }] as const,
    expiresAt: null,
    chain: null,
    parent: null,
    onlyScope: { kind: 'project', id: key.projectId } as const,
  }
  return issueFor(ctx, proof, { scope: { kind: 'default' }, ttl: ctx.settings.tokenTtl, begunAt })
}
