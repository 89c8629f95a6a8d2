/** What all Keystone collections share: filters, paging, links. */
import { refuse } from '../../core/refusal.ts'
import type { Incoming, Query } from '../../http/operation.ts'
import type { Filter, Page } from '../../store/list.ts'

/** The first value of a query parameter; undefined when it is absent. */
export function one(query: Query, name: string): string | undefined {
  const value = query[name]
  return typeof value === 'string' || value === undefined ? value : value[0]
}

/** Every value of a query parameter, in order. */
function all(query: Query, name: string): readonly string[] {
  const value = query[name]
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

/** Keystone's reading of a flag in a query: every value but `0` is yes, `false` and none at all too. */
export function flag(query: Query, name: string): boolean {
  const value = one(query, name)
  return value !== undefined && value !== '0'
}

const TRUE = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** Keystone's reading of a permission in a query: only what is plainly true is. */
export function isAllowed(query: Query, name: string): boolean {
  return TRUE.has((one(query, name) ?? '').trim().toLowerCase())
}

const FALSE = new Set(['0', 'f', 'false', 'off', 'n', 'no'])

/** Keystone's reading of a truth value to filter by: whatever is not plainly false is true, nothing at all too. */
export function isTrue(text: string): boolean {
  return !FALSE.has(text.trim().toLowerCase())
}

const COMPARATORS: Readonly<Record<string, Filter['comparator']>> = {
  equals: 'equals',
  contains: 'contains',
  startswith: 'startswith',
  endswith: 'endswith',
  icontains: 'contains',
  istartswith: 'startswith',
  iendswith: 'endswith',
}

/**
 * The filters of a request on `attributes` (wire name -> column): exact, or inexact as `name__icontains`. One given
 * twice has to hold twice. Everything else in the query is ignored, as Keystone does. A boolean column takes `0`, `false`, `no` ... and for true
 * anything else. Refuses more filters than anybody means: databases take no expression of thousands.
 */
export function filtersFrom(
  query: Query,
  attributes: Readonly<Record<string, { readonly column: string; readonly boolean?: boolean }>>,
): readonly Filter[] {
  const filters: Filter[] = []
  for (const [name, { column, boolean }] of Object.entries(attributes)) {
    for (const exact of all(query, name)) {
      const value = boolean ? (isTrue(exact) ? 1 : 0) : exact
      filters.push({ column, comparator: 'equals', value, caseSensitive: true })
    }
    // Part of a truth value is nothing that a database could look for.
    if (boolean) continue
    for (const [suffix, comparator] of Object.entries(COMPARATORS)) {
      for (const value of all(query, `${name}__${suffix}`)) {
        filters.push({ column, comparator, value, caseSensitive: !suffix.startsWith('i') })
      }
    }
  }
  if (filters.length > MOST_FILTERS) refuse('bad_request', 'filters', { message: 'Too many filters' })
  return filters
}

const MOST_FILTERS = 100

/** `limit` and `marker`; without them the whole collection. Refuses a limit that is no positive number. */
export function pageFrom(query: Query): Page {
  const limit = one(query, 'limit')
  const marker = one(query, 'marker')
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) {
    return refuse('bad_request', 'limit', { message: 'limit must be a positive integer' })
  }
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(marker === undefined ? {} : { marker }),
  }
}

/** `{"users": [...], "links": {...}}`; `nextMarker` when there is more. */
export function collection(
  incoming: Incoming,
  name: string,
  members: readonly unknown[],
  nextMarker?: string,
): Record<string, unknown> {
  // The path without the slash at its end, as everywhere else in links.
  const self = `${incoming.baseUrl}${incoming.url.replace(/\/(?=$|\?)/, '')}`
  return {
    [name]: members,
    links: { next: nextMarker ? nextLink(incoming, nextMarker) : null, self, previous: null },
  }
}

function nextLink(incoming: Incoming, marker: string): string {
  const url = new URL(`${incoming.baseUrl}${incoming.url}`)
  url.searchParams.set('marker', marker)
  return url.href
}

/** `{"self": "<base>/v3/<path>"}` */
export function selfLink(incoming: Incoming, path: string): { readonly self: string } {
  return { self: `${incoming.baseUrl}/v3/${path}` }
}
