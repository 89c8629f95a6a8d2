/** Queries that are built once for a database: to build one costs several times what it costs to run it. */
import type { CompiledQuery } from 'kysely'
import type { Db } from './store.ts'

interface Query<Row> {
  readonly compile: () => CompiledQuery<Row>
}

/**
 * The query that `build` makes, as a function of the values in it. `build` puts an empty text where each of them belongs; they
 * are given in the order in which they occur in the statement. Throws when that is not how many it takes.
 */
export function prepared<Row>(build: (db: Db) => Query<Row>) {
  const built = new WeakMap<Db, CompiledQuery<Row>>()
  return async (db: Db, ...values: readonly string[]): Promise<readonly Row[]> => {
    const query = built.get(db) ?? build(db).compile()
    built.set(db, query)
    if (query.parameters.length !== values.length) throw new Error(`not the values of ${query.sql}`)
    return (await db.executeQuery<Row>({ ...query, parameters: values })).rows
  }
}
