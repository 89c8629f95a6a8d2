/** Where: projects and domains as scopes, with whether they are alive. */
import type { Db } from './store.ts'

export interface ProjectRecord {
  readonly id: string
  readonly name: string
  readonly domain: { readonly id: string; readonly name: string }
  readonly isDomain: boolean
  /** The project and its domain are enabled. */
  readonly alive: boolean
  /** Microseconds: tokens issued up to then are void. */
  readonly tokensValidFrom: number
}

export interface DomainRecord {
  readonly id: string
  readonly name: string
  readonly alive: boolean
  readonly tokensValidFrom: number
}

export type ProjectReference =
  | { readonly id: string }
  | { readonly name: string; readonly domain: { readonly id: string } | { readonly name: string } }

export type DomainReference = { readonly id: string } | { readonly name: string }

export async function findProjectScope(
  db: Db,
  reference: ProjectReference,
): Promise<ProjectRecord | undefined> {
  let query = db
    .selectFrom('project as p')
    // A domain acting as a project is its own domain.
    .innerJoin('project as d', (join) =>
      join.on((eb) =>
        eb.or([
          eb('d.id', '=', eb.ref('p.domain_id')),
          eb.and([eb('p.domain_id', '=', ''), eb('d.id', '=', eb.ref('p.id'))]),
        ]),
      ),
    )
    .select([
      'p.id',
      'p.name',
      'p.enabled',
      'p.is_domain',
      'p.tokens_valid_from',
      'd.id as domain_id',
      'd.name as domain_name',
      'd.enabled as domain_enabled',
      'd.tokens_valid_from as domain_valid_from',
    ])
  if ('id' in reference) {
    query = query.where('p.id', '=', reference.id)
  } else {
    const { domain } = reference
    query = query.where('p.name', '=', reference.name).where('p.is_domain', '=', 0)
    query =
      'id' in domain ? query.where('p.domain_id', '=', domain.id) : query.where('d.name', '=', domain.name)
  }
  const row = await query.executeTakeFirst()
  if (!row) return undefined
  return {
    id: row.id,
    name: row.name,
    domain: { id: row.domain_id, name: row.domain_name },
    isDomain: row.is_domain === 1,
    alive: row.enabled === 1 && row.domain_enabled === 1,
    tokensValidFrom: Math.max(row.tokens_valid_from, row.domain_valid_from),
  }
}

export async function findDomainScope(db: Db, reference: DomainReference): Promise<DomainRecord | undefined> {
  const query = db
    .selectFrom('project')
    .select(['id', 'name', 'enabled', 'tokens_valid_from'])
    .where('is_domain', '=', 1)
  const row = await ('id' in reference
    ? query.where('id', '=', reference.id)
    : query.where('name', '=', reference.name)
  ).executeTakeFirst()
  return (
    row && {
      id: row.id,
      name: row.name,
      alive: row.enabled === 1,
      tokensValidFrom: row.tokens_valid_from,
    }
  )
}
