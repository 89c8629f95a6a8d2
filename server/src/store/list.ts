/** Filters and paging of lists, for any table. Column names come from code, never from a request. */
import { type ReferenceExpression, type SelectQueryBuilder, sql } from 'kysely'

export interface Filter {
  readonly column: string
  readonly comparator: 'equals' | 'contains' | 'startswith' | 'endswith'
  readonly value: string | number
  readonly caseSensitive: boolean
}

export interface Page {
  readonly limit?: number
  /** The id after which the page begins. */
  readonly marker?: string
}

export interface Listed<T> {
  readonly items: readonly T[]
  /** The marker of the next page, when there is one. */
  readonly next?: string
}

/** `query` narrowed by `filters`; equality stays on the column's index, a part of a text is looked for in every row. */
export function narrowed<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  filters: readonly Filter[],
): SelectQueryBuilder<DB, TB, O> {
  let narrow = query
  for (const { column, comparator, value, caseSensitive } of filters) {
    const reference = sql.ref(column)
    if (comparator === 'equals') {
      narrow = narrow.where(column as ReferenceExpression<DB, TB>, '=', value as never)
    } else {
      narrow = narrow.where(sql<boolean>`${inexact(reference, comparator, String(value), caseSensitive)}`)
    }
  }
  return narrow
}

function inexact(
  reference: ReturnType<typeof sql.ref>,
  comparator: Filter['comparator'],
  value: string,
  caseSensitive: boolean,
) {
  const text = caseSensitive ? reference : sql`lower(${reference})`
  const wanted = caseSensitive ? value : value.toLowerCase()
  const length = [...wanted].length
  if (length === 0) return sql`1 = 1`
  if (comparator === 'startswith') return sql`substr(${text}, 1, ${sql.lit(length)}) = ${wanted}`
  if (comparator === 'endswith') return sql`${ending(text, length)} = ${wanted}`
  // replace() finds a part on both engines alike, without the wildcards of LIKE.
  return sql`length(replace(${text}, ${wanted}, '')) < length(${text})`
}

function ending(text: ReturnType<typeof sql.ref> | ReturnType<typeof sql>, length: number) {
  return sql`substr(${text}, case when length(${text}) < ${sql.lit(length)} then 1 else length(${text}) - ${sql.lit(length - 1)} end)`
}

/** One page of `query` in order of `id`, one row more than asked for telling whether there is a next. */
export async function paged<DB, TB extends keyof DB, O extends { id: string }>(
  query: SelectQueryBuilder<DB, TB, O>,
  idColumn: string,
  page: Page,
): Promise<Listed<O>> {
  let ordered = query.orderBy(sql.ref(idColumn))
  if (page.marker !== undefined) ordered = ordered.where(sql<boolean>`${sql.ref(idColumn)} > ${page.marker}`)
  if (page.limit === undefined) return { items: await ordered.execute() }
  const rows = await ordered.limit(page.limit + 1).execute()
  const items = rows.slice(0, page.limit)
  const last = items.at(-1)
  return rows.length > page.limit && last ? { items, next: last.id } : { items }
}
