/** What the commands on agencies share. */
import type { Context } from '../context.ts'
import { type AgencyRecord, findAgency } from '../store/agencies.ts'
import { type CommandInput, UsageError } from './command.ts'
import { domainNamed, notThere } from './operator.ts'

/** An agency by name in the account `--domain`, else by id. */
export async function agencyNamed(
  ctx: Context,
  text: string,
  domain: string | boolean | undefined,
): Promise<AgencyRecord> {
  const { id: domainId } = await domainNamed(ctx, domain)
  const { db } = ctx.store
  return (
    (await findAgency(db, { domainId, name: text })) ??
    (await findAgency(db, { id: text })) ??
    notThere('agency', text)
  )
}

/** An agency as it is printed. */
export function agencyRow(agency: AgencyRecord): Record<string, unknown> {
  return {
    id: agency.id,
    name: agency.name,
    account: agency.domain.name,
    trusts: agency.trustDomainName ?? agency.trustDomainId ?? 'by policy',
    kind: agency.kind,
    expires: agency.expiresAt === null ? 'never' : new Date(agency.expiresAt / 1000).toISOString(),
  }
}

/** A needed option. */
export function needed(options: CommandInput['options'], name: string, flag: string): string {
  const value = options[name]
  if (typeof value !== 'string') throw new UsageError(`${flag} is needed`)
  return value
}
