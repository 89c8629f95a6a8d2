/**
 * Agencies (Huawei Cloud) and RAM roles (Alibaba Cloud): what an account makes so that others may act on its resources.
 * An `agency` trusts one other account; a `role` trusts whom its trust policy names. What one may is written as grants
 * (`assignment` with actor_kind 'agency'; inherited on its domain means all projects) and as attached statement policies.
 * Not for deciding who may assume: that is flows/assume-role.ts.
 */
import type { Scope } from '@tokenhouse/tokens'
import type { Grant } from '../core/assignments.ts'
import { grantsOfActor } from './grants.ts'
import type { AgencyRow } from './schema.ts'
import type { Db } from './store.ts'

/** Guards against confused deputies, all optional; none is on the stock wire. */
export interface AgencyGuards {
  /** Who assumes has to name the person behind it. */
  readonly sourceIdentity?: boolean
  /** Links a chain may have when the agency is assumed. */
  readonly maxDepth?: number
  /** Seconds since the sign-in that the chain began with. */
  readonly maxAge?: number
}

export interface AgencyRecord {
  readonly id: string
  readonly domain: { readonly id: string; readonly name: string; readonly enabled: boolean }
  /** Microseconds: tokens of the account issued up to then are void. */
  readonly tokensValidFrom: number
  readonly kind: AgencyRow['kind']
  readonly name: string
  readonly description: string
  readonly trustDomainId: string | null
  /** null when the trusted account is gone. */
  readonly trustDomainName: string | null
  readonly trustPolicy: unknown
  /** null: without end. */
  readonly durationHours: number | null
  /** Microseconds; null: without end. */
  readonly expiresAt: number | null
  readonly maxSessionSeconds: number
  readonly externalId: string | null
  readonly guards: AgencyGuards
  readonly extra: Readonly<Record<string, unknown>>
  readonly createdAt: number
}

/** An agency that says by a policy whom it trusts: Huawei Cloud's v5 API makes them. */
export function isTrustAgency({ kind, trustPolicy }: Pick<AgencyRecord, 'kind' | 'trustPolicy'>): boolean {
  return kind === 'agency' && trustPolicy !== null
}

/** Before the name in an agency's URN: `foo/bar/`, or empty. */
export function agencyPath({ extra }: Pick<AgencyRecord, 'extra'>): string {
  const path = extra['path']
  return typeof path === 'string' ? path : ''
}

/** What an agency is made of. */
export type NewAgency = Omit<AgencyRecord, 'domain' | 'tokensValidFrom' | 'trustDomainName'> & {
  readonly domainId: string
}

export type AgencyChanges = Partial<
  Pick<
    NewAgency,
    | 'description'
    | 'trustDomainId'
    | 'trustPolicy'
    | 'durationHours'
    | 'expiresAt'
    | 'maxSessionSeconds'
    | 'externalId'
    | 'guards'
    | 'extra'
  >
>

function agencies(db: Db) {
  return db
    .selectFrom('agency as a')
    .innerJoin('project as d', 'd.id', 'a.domain_id')
    .leftJoin('project as t', (join) =>
      join.onRef('t.id', '=', 'a.trust_domain_id').on('t.is_domain', '=', 1),
    )
    .selectAll('a')
    .select([
      'd.name as domain_name',
      'd.enabled as domain_enabled',
      'd.tokens_valid_from as domain_valid_from',
      't.name as trust_domain_name',
    ])
}

type Row = AgencyRow & {
  domain_name: string
  domain_enabled: number
  domain_valid_from: number
  trust_domain_name: string | null
}

const toAgency = (row: Row): AgencyRecord => ({
  id: row.id,
  domain: { id: row.domain_id, name: row.domain_name, enabled: row.domain_enabled === 1 },
  tokensValidFrom: row.domain_valid_from,
  kind: row.kind,
  name: row.name,
  description: row.description,
  trustDomainId: row.trust_domain_id,
  trustDomainName: row.trust_domain_name,
  trustPolicy: row.trust_policy === null ? null : JSON.parse(row.trust_policy),
  durationHours: row.duration_hours,
  expiresAt: row.expires_at,
  maxSessionSeconds: row.max_session_seconds,
  externalId: row.external_id,
  guards: JSON.parse(row.guards),
  extra: JSON.parse(row.extra),
  createdAt: row.created_at,
})

export type AgencyReference = { readonly id: string } | { readonly domainId: string; readonly name: string }

export async function findAgency(db: Db, reference: AgencyReference): Promise<AgencyRecord | undefined> {
  const query =
    'id' in reference
      ? agencies(db).where('a.id', '=', reference.id)
      : agencies(db).where('a.domain_id', '=', reference.domainId).where('a.name', '=', reference.name)
  const row = await query.executeTakeFirst()
  return row && toAgency(row)
}

export interface AgencyFilter {
  readonly domainId?: string | undefined
  readonly kind?: AgencyRow['kind'] | undefined
  readonly name?: string | undefined
  readonly trustDomainId?: string | undefined
  /** Whether it trusts by a policy. */
  readonly byPolicy?: boolean | undefined
}

/** In order of id. */
export async function listAgencies(
  db: Db,
  filter: AgencyFilter,
  page: { readonly limit?: number; readonly offset?: number } = {},
): Promise<readonly AgencyRecord[]> {
  let query = agencies(db).orderBy('a.id')
  if (filter.domainId !== undefined) query = query.where('a.domain_id', '=', filter.domainId)
  if (filter.kind !== undefined) query = query.where('a.kind', '=', filter.kind)
  if (filter.name !== undefined) query = query.where('a.name', '=', filter.name)
  if (filter.trustDomainId !== undefined) query = query.where('a.trust_domain_id', '=', filter.trustDomainId)
  if (filter.byPolicy !== undefined) {
    query = query.where('a.trust_policy', filter.byPolicy ? 'is not' : 'is', null)
  }
  if (page.limit !== undefined) query = query.limit(page.limit)
  if (page.offset !== undefined) {
    if (page.limit === undefined) query = query.limit(Number.MAX_SAFE_INTEGER)
    query = query.offset(page.offset)
  }
  return (await query.execute()).map(toAgency)
}

/** Fails as `isUniqueViolation` when the account has an agency or role of that name. */
export async function insertAgency(tx: Db, agency: NewAgency): Promise<void> {
  await tx
    .insertInto('agency')
    .values({
      id: agency.id,
      domain_id: agency.domainId,
      kind: agency.kind,
      name: agency.name,
      created_at: agency.createdAt,
      ...toColumns(agency),
    })
    .execute()
}

export async function updateAgency(tx: Db, id: string, changes: AgencyChanges): Promise<void> {
  const before = await findAgency(tx, { id })
  if (!before) return
  await tx
    .updateTable('agency')
    .set(toColumns({ ...before, ...changes }))
    .where('id', '=', id)
    .execute()
}

function toColumns(agency: Required<AgencyChanges>) {
  return {
    description: agency.description,
    trust_domain_id: agency.trustDomainId,
    trust_policy: agency.trustPolicy === null ? null : JSON.stringify(agency.trustPolicy),
    duration_hours: agency.durationHours,
    expires_at: agency.expiresAt,
    max_session_seconds: agency.maxSessionSeconds,
    external_id: agency.externalId,
    guards: JSON.stringify(agency.guards),
    extra: JSON.stringify(agency.extra),
  }
}

/** Grants of the agency, and of nobody else, on the scope or above it. */
export function agencyGrants(db: Db, agencyId: string, scope: Scope): Promise<readonly Grant[]> {
  return grantsOfActor(db, { kind: 'agency', id: agencyId }, scope)
}
