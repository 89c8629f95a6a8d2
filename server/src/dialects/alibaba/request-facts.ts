import type { Context } from '../../context.ts'
import type { RequestFacts } from '../../core/policy/statements/condition.ts'
import type { RamPrincipal } from '../../flows/ram-principal.ts'
import type { Incoming } from '../../http/operation.ts'

/** What conditions of statements may ask of any request: RAM's common condition keys. */
export function requestFacts(
  ctx: Context,
  principal: RamPrincipal | null,
  { remoteAddress, baseUrl }: Pick<Incoming, 'remoteAddress' | 'baseUrl'>,
): RequestFacts {
  return {
    'acs:CurrentTime': new Date(ctx.now() / 1000).toISOString(),
    'acs:SecureTransport': String(baseUrl.startsWith('https:')),
    'acs:SourceIp': remoteAddress,
    'acs:MFAPresent': String(principal?.session.claims.methods.includes('totp') ?? false),
  }
}
