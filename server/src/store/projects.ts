/**
 * Projects as resources, and their tree. A domain is a project that acts as one: the same row, the same record;
 * `domains.ts` adds what is a domain's alone. As scopes of tokens they are read by `scopes.ts`.
 */
import { type RawBuilder, sql } from 'kysely'
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import type { Db } from './store.ts'
import { afterAllIssued } from './void-tokens.ts'

export interface Project {
  readonly id: string
  readonly name: string
  /** null for a domain. */
  readonly domainId: string | null
  /** The domain for a project at the top; null for a domain. */
  readonly parentId: string | null
  readonly isDomain: boolean
  readonly description: string | null
  readonly enabled: boolean
  readonly tags: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** Attributes that only their writer knows the meaning of. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** Names of tags: all of `all`, one of `any`; not all of `notAll`, none of `notAny`. */
export interface TagFilter {
  readonly all?: readonly string[]
  readonly any?: readonly string[]
  readonly notAll?: readonly string[]
  readonly notAny?: readonly string[]
}

export async function findProject(db: Db, id: string): Promise<Project | undefined> {
  const row = await projects(db).where('project.id', '=', id).executeTakeFirst()
  return row && toProject(row)
}

/** Those of `ids` that exist, in order of id. */
export async function findProjects(db: Db, ids: readonly string[]): Promise<readonly Project[]> {
  if (ids.length === 0) return []
  const rows = await projects(db)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .execute()
  return rows.map(toProject)
}

/** Columns in `filters` are those of `project`, qualified (`project.name`). Ordered by id. */
export async function listProjects(
  db: Db,
  narrowing: { readonly filters: readonly Filter[]; readonly tags?: TagFilter },
  page: Page,
): Promise<Listed<Project>> {
  let query = narrowed(projects(db), narrowing.filters)
  for (const condition of tagConditions(narrowing.tags ?? {})) query = query.where(condition)
  const { items, next } = await paged(query, 'project.id', page)
  return { items: items.map(toProject), ...(next === undefined ? {} : { next }) }
}

function tagConditions({ all, any, notAll, notAny }: TagFilter): RawBuilder<boolean>[] {
  const having = (names: readonly string[]) =>
    sql`project.id in (select project_id from project_tag where name in (${sql.join(names)}))`
  const conditions: RawBuilder<boolean>[] = []
  for (const name of new Set(all)) conditions.push(sql<boolean>`${having([name])}`)
  if (any) conditions.push(sql<boolean>`${having(any)}`)
  if (notAll) {
    const each = [...new Set(notAll)].map((name) => having([name]))
    conditions.push(sql<boolean>`not (${sql.join(each, sql` and `)})`)
  }
  if (notAny) conditions.push(sql<boolean>`not ${having(notAny)}`)
  return conditions
}

/** The projects above `id`, nearest first; its domain is the last. */
export async function projectsAbove(db: Db, id: string): Promise<readonly Project[]> {
  const rows = await projects(db)
    .where(
      'project.id',
      'in',
      sql<string>`(
        with recursive up(id) as (
          select parent_id from project where id = ${id}
          union
          select p.parent_id from project p join up on p.id = up.id
        )
        select id from up where id is not null)`,
    )
    .execute()
  const above = new Map(rows.map((row) => [row.id, toProject(row)]))
  const start = await db.selectFrom('project').select('parent_id').where('id', '=', id).executeTakeFirst()
  const ordered: Project[] = []
  for (let at = above.get(start?.parent_id ?? ''); at; at = above.get(at.parentId ?? '')) ordered.push(at)
  return ordered
}

/** All projects below `id`, of every level. */
export async function projectsBelow(db: Db, id: string): Promise<readonly Project[]> {
  const rows = await projects(db)
    .where(
      'project.id',
      'in',
      sql<string>`(
        with recursive down(id) as (
          select id from project where parent_id = ${id}
          union
          select p.id from project p join down on p.parent_id = down.id
        )
        select id from down)`,
    )
    .orderBy('project.id')
    .execute()
  return rows.map(toProject)
}

export async function hasChildren(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('parent_id', '=', id).executeTakeFirst()
  return row !== undefined
}

/** Writes a new project with its tags. Throws a unique violation when its id, or its name in its domain, is taken. */
export async function insertProject(tx: Db, project: Project, now: number): Promise<void> {
  await tx
    .insertInto('project')
    .values({
      id: project.id,
      domain_id: project.domainId ?? '',
      parent_id: project.parentId,
      name: project.name,
      description: project.description,
      enabled: project.enabled ? 1 : 0,
      is_domain: project.isDomain ? 1 : 0,
      options: JSON.stringify(project.options),
      extra: JSON.stringify(project.extra),
      tokens_valid_from: 0,
      created_at: now,
    })
    .execute()
  await insertTags(tx, project.id, project.tags)
}

export type ProjectChange = Partial<
  Pick<Project, 'name' | 'description' | 'enabled' | 'tags' | 'options' | 'extra'>
> & {
  /** Now, in microseconds: tokens issued so far are void. */
  readonly voidTokensAt?: number
}

/** Throws a unique violation when the new name is taken in the domain. */
export async function updateProject(tx: Db, id: string, change: ProjectChange): Promise<void> {
  const { name, description, enabled, options, extra, voidTokensAt, tags } = change
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { enabled: enabled ? (1 as const) : (0 as const) }),
    ...(options === undefined ? {} : { options: JSON.stringify(options) }),
    ...(extra === undefined ? {} : { extra: JSON.stringify(extra) }),
    ...(voidTokensAt === undefined ? {} : { tokens_valid_from: afterAllIssued(voidTokensAt) }),
  }
  if (Object.keys(set).length > 0) {
    await tx.updateTable('project').set(set).where('id', '=', id).execute()
  }
  if (tags === undefined) return
  await tx.deleteFrom('project_tag').where('project_id', '=', id).execute()
  await insertTags(tx, id, tags)
}

async function insertTags(tx: Db, projectId: string, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return
  const rows = [...new Set(tags)].map((name) => ({ project_id: projectId, name }))
  await tx.insertInto('project_tag').values(rows).execute()
}

/**
 * The project as it is now, held until the transaction ends: who makes a child, disables or removes a project waits
 * for who does one of these to the same project.
 */
export async function holdProject(tx: Db, id: string): Promise<Project | undefined> {
  // PostgreSQL locks the row that is written; SQLite has one writer anyway.
  await tx
    .updateTable('project')
    .set((eb) => ({ enabled: eb.ref('enabled') }))
    .where('id', '=', id)
    .execute()
  return findProject(tx, id)
}

/** The columns of a project, for queries that choose them in their own way. */
export function projects(db: Db) {
  return db.selectFrom('project').select([
    'project.id',
    'project.domain_id',
    'project.parent_id',
    'project.name',
    'project.description',
    'project.enabled',
    'project.is_domain',
    'project.options',
    'project.extra',
    // A tag holds no comma, so the names can travel as one text.
    sql<
      string | null
    >`(select string_agg(t.name, ',') from project_tag t where t.project_id = project.id)`.as('tags'),
  ])
}

type Row = Awaited<ReturnType<ReturnType<typeof projects>['execute']>>[number]

export function toProject(row: Row): Project {
  return {
    id: row.id,
    name: row.name,
    domainId: row.domain_id === '' ? null : row.domain_id,
    parentId: row.parent_id,
    isDomain: row.is_domain === 1,
    description: row.description,
    enabled: row.enabled === 1,
    tags: row.tags === null ? [] : row.tags.split(',').sort(),
    options: JSON.parse(row.options),
    extra: JSON.parse(row.extra),
  }
}

export interface ProjectLimit {
  readonly id: string
  readonly projectId: string
  readonly serviceId: string
  readonly regionId: string | null
  readonly resourceName: string
  readonly resourceLimit: number
  readonly description: string | null
}

/** The limits of these projects, for `include_limits`. */
export async function limitsOfProjects(db: Db, ids: readonly string[]): Promise<readonly ProjectLimit[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('own_limit as l')
    .innerJoin('registered_limit as r', 'r.id', 'l.registered_limit_id')
    .select([
      'l.id',
      'l.project_id',
      'r.service_id',
      'r.region_id',
      'r.resource_name',
      'l.resource_limit',
      'l.description',
    ])
    .where('l.project_id', 'in', [...ids])
    .orderBy('l.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    projectId: row.project_id ?? '',
    serviceId: row.service_id,
    regionId: row.region_id,
    resourceName: row.resource_name,
    resourceLimit: row.resource_limit,
    description: row.description,
  }))
}
