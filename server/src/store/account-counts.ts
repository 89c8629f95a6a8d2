import type { Db } from './store.ts'

/** What an account has, by kind. */
export interface AccountCounts {
  readonly user: number
  readonly group: number
  readonly agency: number
  readonly policy: number
  readonly idp: number
}

/** Counts what belongs to a domain. */
export async function accountCounts(db: Db, domainId: string): Promise<AccountCounts> {
  const [user, group, agency, policy, idp] = await Promise.all([
    countIn(db, 'user', domainId),
    countIn(db, 'group', domainId),
    countIn(db, 'agency', domainId),
    countIn(db, 'statement_policy', domainId),
    countIn(db, 'identity_provider', domainId),
  ])
  return { user, group, agency, policy, idp }
}

/** Projects right below a project. */
export async function countSubProjects(db: Db, projectId: string): Promise<number> {
  const row = await db
    .selectFrom('project')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('parent_id', '=', projectId)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

type Counted = 'user' | 'group' | 'agency' | 'statement_policy' | 'identity_provider'

async function countIn(db: Db, table: Counted, domainId: string): Promise<number> {
  const row = await db
    .selectFrom(table as 'user')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('domain_id', '=', domainId)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}
