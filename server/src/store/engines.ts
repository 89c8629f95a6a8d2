/**
 * Microservice engines (ServiceComb, Nacos) as a project owns them, with their keys, their own roles, their namespaces
 * and the jobs that clients wait for. Accounts of engines are in engine-accounts.ts. Not for what an engine token may
 * hold: that is core/engine-rules.ts and flows/engine-exchange.ts.
 */
import { sql } from 'kysely'
import type { EngineKeyRow, EngineRow } from './schema.ts'
import { type Db, isPostgres } from './store.ts'

export interface EngineRecord {
  readonly id: string
  readonly projectId: string
  readonly enterpriseProjectId: string
  readonly name: string
  readonly description: string
  readonly specType: EngineRow['spec_type']
  readonly authType: EngineRow['auth_type']
  /** Of the service-center or Nacos that is told of accounts; null: none is. */
  readonly address: string | null
  /** Longest life of a token, in seconds. */
  readonly maxTokenSeconds: number
  /** What the creator said and only clients read: flavor, VPC ... */
  readonly extra: Readonly<Record<string, unknown>>
  readonly createdBy: string
  /** Microseconds. */
  readonly createdAt: number
}

const toEngine = (row: EngineRow): EngineRecord => ({
  id: row.id,
  projectId: row.project_id,
  enterpriseProjectId: row.enterprise_project_id,
  name: row.name,
  description: row.description,
  specType: row.spec_type,
  authType: row.auth_type,
  address: row.address,
  maxTokenSeconds: row.max_token_seconds,
  extra: JSON.parse(row.extra),
  createdBy: row.created_by,
  createdAt: row.created_at,
})

export async function findEngine(db: Db, id: string): Promise<EngineRecord | undefined> {
  const row = await db.selectFrom('engine').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toEngine(row)
}

/** Oldest first; of one project, or of all. */
export async function listEngines(db: Db, projectId?: string): Promise<readonly EngineRecord[]> {
  let query = db.selectFrom('engine').selectAll().orderBy('created_at').orderBy('id')
  if (projectId !== undefined) query = query.where('project_id', '=', projectId)
  return (await query.execute()).map(toEngine)
}

/** Engines of a kind in all projects of an account; oldest first. */
export async function listAccountEngines(
  db: Db,
  domainId: string,
  specType: EngineRecord['specType'],
): Promise<readonly EngineRecord[]> {
  const rows = await db
    .selectFrom('engine')
    .innerJoin('project', 'project.id', 'engine.project_id')
    .selectAll('engine')
    .where('project.domain_id', '=', domainId)
    .where('engine.spec_type', '=', specType)
    .orderBy('engine.created_at')
    .orderBy('engine.id')
    .execute()
  return rows.map(toEngine)
}

/** The engine that is the only one of its kind; undefined when there are several or none. */
export async function findLoneEngine(
  db: Db,
  specType: EngineRecord['specType'],
): Promise<EngineRecord | undefined> {
  const rows = await db.selectFrom('engine').selectAll().where('spec_type', '=', specType).limit(2).execute()
  const [row, another] = rows
  return row && !another ? toEngine(row) : undefined
}

/** Fails as `isUniqueViolation` when the project has an engine of that name. */
export async function insertEngine(tx: Db, engine: EngineRecord): Promise<void> {
  await tx
    .insertInto('engine')
    .values({
      id: engine.id,
      project_id: engine.projectId,
      enterprise_project_id: engine.enterpriseProjectId,
      name: engine.name,
      description: engine.description,
      spec_type: engine.specType,
      auth_type: engine.authType,
      address: engine.address,
      max_token_seconds: engine.maxTokenSeconds,
      extra: JSON.stringify(engine.extra),
      created_by: engine.createdBy,
      created_at: engine.createdAt,
    })
    .execute()
}

/** With its keys, accounts, roles, namespaces and locks; its jobs stay. */
export async function deleteEngine(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('engine').where('id', '=', id).execute()
}

export interface EngineKeyRecord {
  readonly id: string
  readonly engineId: string
  readonly state: EngineKeyRow['state']
  /** Sealed for the purpose `engine_key:<id>`. */
  readonly sealed: string
  readonly createdAt: number
  /** Microseconds; null while it is not retired. */
  readonly retiredAt: number | null
}

/** Newest first. */
export async function listEngineKeys(db: Db, engineId: string): Promise<readonly EngineKeyRecord[]> {
  const rows = await db
    .selectFrom('engine_key')
    .selectAll()
    .where('engine_id', '=', engineId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    engineId: row.engine_id,
    state: row.state,
    sealed: row.material,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
  }))
}

export async function insertEngineKey(tx: Db, key: EngineKeyRecord): Promise<void> {
  await tx
    .insertInto('engine_key')
    .values({
      id: key.id,
      engine_id: key.engineId,
      state: key.state,
      material: key.sealed,
      created_at: key.createdAt,
      retired_at: key.retiredAt,
    })
    .execute()
}

export async function setEngineKeyState(
  tx: Db,
  key: Pick<EngineKeyRecord, 'id' | 'state' | 'retiredAt'>,
): Promise<void> {
  const changes = { state: key.state, retired_at: key.retiredAt }
  await tx.updateTable('engine_key').set(changes).where('id', '=', key.id).execute()
}

/** A role of the engine's own: `perms` as service-center writes them. */
export interface EngineRole {
  readonly name: string
  readonly perms: unknown
  readonly createdAt: number
  readonly updatedAt: number
}

/** In order of name; built-in roles have no rows. */
export async function listEngineRoles(db: Db, engineId: string): Promise<readonly EngineRole[]> {
  const rows = await db
    .selectFrom('engine_role')
    .selectAll()
    .where('engine_id', '=', engineId)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({
    name: row.name,
    perms: JSON.parse(row.perms),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }))
}

/** Fails as `isUniqueViolation` when there is one of that name. */
export async function insertEngineRole(tx: Db, engineId: string, role: EngineRole): Promise<void> {
  await tx
    .insertInto('engine_role')
    .values({
      engine_id: engineId,
      name: role.name,
      perms: JSON.stringify(role.perms),
      created_at: role.createdAt,
      updated_at: role.updatedAt,
    })
    .execute()
}

export async function updateEngineRole(
  tx: Db,
  engineId: string,
  role: Pick<EngineRole, 'name' | 'perms' | 'updatedAt'>,
): Promise<void> {
  await tx
    .updateTable('engine_role')
    .set({ perms: JSON.stringify(role.perms), updated_at: role.updatedAt })
    .where('engine_id', '=', engineId)
    .where('name', '=', role.name)
    .execute()
}

export async function deleteEngineRole(tx: Db, engineId: string, name: string): Promise<void> {
  await tx.deleteFrom('engine_role').where('engine_id', '=', engineId).where('name', '=', name).execute()
}

/** The enterprise project a namespace was put in; undefined when nobody said. '' is the public namespace. */
export async function findNamespaceOwner(db: Db, engineId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('engine_namespace')
    .select('enterprise_project_id')
    .where('engine_id', '=', engineId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.enterprise_project_id
}

export interface NamespaceOwner {
  /** '' is the public one. */
  readonly id: string
  readonly enterpriseProjectId: string
}

/** The namespaces that were put somewhere, in order of id. */
export async function listNamespaceOwners(db: Db, engineId: string): Promise<readonly NamespaceOwner[]> {
  const rows = await db
    .selectFrom('engine_namespace')
    .selectAll()
    .where('engine_id', '=', engineId)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ id: row.id, enterpriseProjectId: row.enterprise_project_id }))
}

export async function putNamespaceOwner(tx: Db, engineId: string, namespace: NamespaceOwner): Promise<void> {
  const { id, enterpriseProjectId } = namespace
  await tx
    .insertInto('engine_namespace')
    .values({ engine_id: engineId, id, enterprise_project_id: enterpriseProjectId })
    .onConflict((c) =>
      c.columns(['engine_id', 'id']).doUpdateSet({ enterprise_project_id: enterpriseProjectId }),
    )
    .execute()
}

export interface EngineJob {
  readonly id: number
  readonly engineId: string
  readonly projectId: string
  readonly type: 'Create' | 'Delete'
  readonly createdBy: string
  readonly createdAt: number
}

/** Gives the number of the new job. Inside a change: numbers follow each other. */
export async function insertEngineJob(tx: Db, job: Omit<EngineJob, 'id'>): Promise<number> {
  // Who is numbered next waits until this one is there to be counted; SQLite has one writer anyway.
  if (isPostgres(tx)) await sql`lock table engine_job in share row exclusive mode`.execute(tx)
  const { last } = await tx
    .selectFrom('engine_job')
    .select((eb) => eb.fn.max('id').as('last'))
    .executeTakeFirstOrThrow()
  const id = Number(last ?? 0) + 1
  await tx
    .insertInto('engine_job')
    .values({
      id,
      engine_id: job.engineId,
      project_id: job.projectId,
      type: job.type,
      created_by: job.createdBy,
      created_at: job.createdAt,
    })
    .execute()
  return id
}

/** Newest first. */
export async function listEngineJobs(db: Db, engineId: string): Promise<readonly EngineJob[]> {
  const rows = await db
    .selectFrom('engine_job')
    .selectAll()
    .where('engine_id', '=', engineId)
    .orderBy('id', 'desc')
    .execute()
  return rows.map((row) => ({
    id: Number(row.id),
    engineId: row.engine_id,
    projectId: row.project_id,
    type: row.type as EngineJob['type'],
    createdBy: row.created_by,
    createdAt: row.created_at,
  }))
}
