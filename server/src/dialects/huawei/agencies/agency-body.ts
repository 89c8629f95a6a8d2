/** Agencies on the wire. A duration is asked for in days and answered in hours, as text. */
import { Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { AgencyRecord } from '../../../store/agencies.ts'
import { agencyTime } from '../time.ts'

const Duration = Type.Union([Type.String(), Type.Number(), Type.Null()])
/** None that breaks out of a page, a path or a line. */
const Name = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^(?!\\s)[^"\'<>/\\\\\\x00-\\x1f\\x7f-\\x9f]*$',
})
const Description = Type.String({ maxLength: 255, pattern: '^[^@#$%^&*<>\\\\]*$' })
const Reference = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** Guards against confused deputies are not on Huawei Cloud's wire; absent, they are off. */
const guards = {
  external_id: Reference,
  require_source_identity: Type.Optional(Type.Boolean()),
  max_chain_depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
  max_chain_age: Type.Optional(Type.Integer({ minimum: 1 })),
}

export const CreateAgencyBody = Type.Object({
  agency: Type.Object({
    name: Name,
    domain_id: Type.String({ minLength: 1, maxLength: 64 }),
    trust_domain_id: Reference,
    trust_domain_name: Reference,
    description: Type.Optional(Description),
    duration: Type.Optional(Duration),
    ...guards,
  }),
})

export const UpdateAgencyBody = Type.Object({
  agency: Type.Object({
    trust_domain_id: Reference,
    trust_domain_name: Reference,
    description: Type.Optional(Description),
    duration: Type.Optional(Duration),
    ...guards,
  }),
})

const DAY_HOURS = 24
const MOST_DAYS = 36_500

/**
 * Hours from `FOREVER`, `ONEDAY`, a number of days, or null. null: without end. Refuses anything else.
 */
export function durationHours(duration: string | number | null | undefined): number | null {
  if (duration === null || duration === undefined || duration === 'FOREVER') return null
  if (duration === 'ONEDAY') return DAY_HOURS
  const days =
    typeof duration === 'number' ? duration : /^\d{1,5}$/.test(duration) ? Number(duration) : Number.NaN
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
    return refuse('bad_request', `duration ${duration}`, {
      message: 'The duration of the agency is invalid.',
    })
  }
  return days * DAY_HOURS
}

interface GuardsSent {
  readonly external_id?: string | null
  readonly require_source_identity?: boolean
  readonly max_chain_depth?: number
  readonly max_chain_age?: number
}

/** The guards of a body, over those that were there. */
export function guardsFrom(sent: GuardsSent, before: Pick<AgencyRecord, 'externalId' | 'guards'>) {
  const { external_id, require_source_identity: source, max_chain_depth: depth, max_chain_age: age } = sent
  return {
    externalId: external_id === undefined ? before.externalId : external_id,
    guards: {
      ...before.guards,
      ...(source === undefined ? {} : { sourceIdentity: source }),
      ...(depth === undefined ? {} : { maxDepth: depth }),
      ...(age === undefined ? {} : { maxAge: age }),
    },
  }
}

/** `names`: with the trusted account's name, as lists and single agencies show it. */
export function agencyBody(
  agency: AgencyRecord,
  options: { readonly names: boolean },
): Record<string, unknown> {
  const { durationHours: hours, expiresAt } = agency
  return {
    create_time: agencyTime(agency.createdAt),
    description: agency.description,
    domain_id: agency.domain.id,
    duration: hours === null ? 'FOREVER' : String(hours),
    expire_time: expiresAt === null ? null : agencyTime(expiresAt),
    id: agency.id,
    name: agency.name,
    trust_domain_id: agency.trustDomainId,
    ...(options.names ? { trust_domain_name: agency.trustDomainName } : {}),
  }
}
