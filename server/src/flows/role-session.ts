/** What a session of a RAM role carries: its name, who is behind it, and the policy that narrows it. */
import { createHash } from 'node:crypto'
import { parseDocument } from '../core/policy/statements/parse.ts'
import { RAM, type StatementPolicy } from '../core/policy/statements/statement.ts'
import { refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'

/** Stands in no token: neither base64url nor JWS has it. */
const SEPARATOR = ':'

const hashOf = (policy: string): string => createHash('sha256').update(policy).digest('base64url')

/** What the chain remembers of a role session. */
export interface RoleSession {
  readonly name: string
  readonly sourceIdentity: string | undefined
  /** Hash of the policy that narrows it. */
  readonly policyHash: string | undefined
  /** The identity provider on whose word alone the role was assumed. */
  readonly provider: string | undefined
}

/** At most 255 bytes, as a link of a chain may hold. */
export function roleSessionText({
  sessionName,
  sourceIdentity,
  policy,
  provider,
}: {
  readonly sessionName: string
  readonly sourceIdentity: string | undefined
  readonly policy: string | undefined
  readonly provider: string | undefined
}): string {
  const fields = new URLSearchParams({ name: sessionName })
  if (provider !== undefined) fields.set('provider', provider)
  if (sourceIdentity) fields.set('source', sourceIdentity)
  if (policy !== undefined) fields.set('policy', hashOf(policy))
  // What reads the same unescaped stays so: three bytes for each `@` of two long names would be too many.
  return fields.toString().replaceAll('%40', '@').replaceAll('%3D', '=').replaceAll('%2C', ',')
}

export function readRoleSession(text: string): RoleSession {
  const fields = new URLSearchParams(text)
  return {
    name: fields.get('name') ?? '',
    sourceIdentity: fields.get('source') ?? undefined,
    policyHash: fields.get('policy') ?? undefined,
    provider: fields.get('provider') ?? undefined,
  }
}

export function joinSecurityToken(token: string, policy: string | undefined): string {
  return policy === undefined ? token : `${token}${SEPARATOR}${Buffer.from(policy).toString('base64url')}`
}

/** A security token as it was handed out: the token, and the text of the session policy beside it. */
export function splitSecurityToken(text: string | undefined): {
  readonly token: string | undefined
  readonly policy: string | undefined
} {
  if (text === undefined) return { token: undefined, policy: undefined }
  const at = text.indexOf(SEPARATOR)
  if (at === -1) return { token: text, policy: undefined }
  return { token: text.slice(0, at), policy: Buffer.from(text.slice(at + 1), 'base64url').toString() }
}

/** Hash of the policy that a role session was assumed with. */
export function narrowedTo({ claims }: Session): string | undefined {
  const link = claims.via.findLast(({ kind }) => kind === 'agency')
  return link?.kind === 'agency' ? readRoleSession(link.session).policyHash : undefined
}

/**
 * The policies that narrow a session: none, or the one it was assumed with. Refuses `unauthenticated` when the policy
 * that came along is not that one, or did not come.
 */
export function sessionPolicies(session: Session, policy: string | undefined): readonly StatementPolicy[] {
  const wanted = narrowedTo(session)
  if ((policy === undefined ? undefined : hashOf(policy)) !== wanted) {
    return refuse('unauthenticated', 'not the session policy of this token')
  }
  if (policy === undefined) return []
  const statements = sessionPolicyStatements(policy)
  if ('problem' in statements) return refuse('unauthenticated', 'an unreadable session policy')
  return [{ name: 'session policy', statements }]
}

/** The statements of a session policy's text, or what is wrong with it. */
export function sessionPolicyStatements(policy: string): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(JSON.parse(policy), RAM)
  } catch {
    return { at: '', problem: 'is not JSON' }
  }
}
