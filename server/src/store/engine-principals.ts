/** Who of the cloud may be brought into an engine: the users and agencies of one account, by id or by name. */
import type { Db } from './store.ts'

export interface Principal {
  readonly id: string
  readonly name: string
}

/** All that answer to the id, or to the name, in the account: more than one when a name is not unambiguous. */
export async function findPrincipals(
  db: Db,
  domainId: string,
  by: { readonly id: string } | { readonly name: string },
): Promise<readonly Principal[]> {
  const [column, value] = 'id' in by ? (['id', by.id] as const) : (['name', by.name] as const)
  const find = (table: 'user' | 'agency') =>
    db
      .selectFrom(table)
      .select(['id', 'name'])
      .where('domain_id', '=', domainId)
      .where(column, '=', value)
      .limit(2)
      .execute()
  const [users, agencies] = await Promise.all([find('user'), find('agency')])
  return [...users, ...agencies]
}
