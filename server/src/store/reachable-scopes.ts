/** Where somebody could go: the projects and domains on which they, or a group they are in, hold a role. */
import { sql } from 'kysely'
import { actorCondition, type Grantee } from './grants.ts'
import { type Filter, narrowed } from './list.ts'
import { type Project, projects, toProject } from './projects.ts'
import type { Db } from './store.ts'

export interface Reach {
  readonly grantee: Grantee
  /** Ids of roles that never bring anybody anywhere. */
  readonly without: readonly string[]
  /** On columns of `project`, qualified. */
  readonly filters?: readonly Filter[]
  /** Leave out what is disabled, or lies in a disabled domain. */
  readonly aliveOnly: boolean
}

/** Granted directly, or inherited from a domain or project above. Ordered by id. */
export async function listReachableProjects(db: Db, reach: Reach): Promise<readonly Project[]> {
  let query = narrowed(projects(db), reach.filters ?? []).where(
    'project.id',
    'in',
    sql<string>`(
      with recursive granted(target_kind, target_id, inherited) as (
        select distinct a.target_kind, a.target_id, a.inherited from assignment a
        where a.target_kind in ('project', 'domain') and ${counting(reach)}
      ), below(id) as (
        select p.id from project p join granted g on p.parent_id = g.target_id where g.inherited = 1
        union
        select p.id from project p join below on p.parent_id = below.id
      )
      select target_id from granted where target_kind = 'project' and inherited = 0
      union
      select id from below)`,
  )
  if (reach.aliveOnly) {
    query = query
      .where('project.enabled', '=', 1)
      .where(
        sql<boolean>`(project.domain_id = '' or project.domain_id in (select id from project where is_domain = 1 and enabled = 1))`,
      )
  }
  return (await query.orderBy('project.id').execute()).map(toProject)
}

export async function listReachableDomains(db: Db, reach: Reach): Promise<readonly Project[]> {
  let query = projects(db)
    .where('project.is_domain', '=', 1)
    .where(
      'project.id',
      'in',
      sql<string>`(select a.target_id from assignment a
        where a.target_kind = 'domain' and a.inherited = 0 and ${counting(reach)})`,
    )
  if (reach.aliveOnly) query = query.where('project.enabled', '=', 1)
  return (await query.orderBy('project.id').execute()).map(toProject)
}

function counting({ grantee, without }: Reach) {
  const actor = actorCondition(grantee)
  return without.length === 0 ? actor : sql`${actor} and a.role_id not in (${sql.join(without)})`
}
