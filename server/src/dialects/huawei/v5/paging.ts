/** Lists of the v5 API: `limit` and `marker`, answered with `page_info`. */
import { refuse } from '../../../core/refusal.ts'
import type { Query } from '../../../http/operation.ts'
import { one } from '../operation.ts'

const MOST = 200
const USUAL = 100

/**
 * The part of a list, in its own order, that the query asks for. A marker is the key of the last item that was seen;
 * without a `next_marker` the list has come to its end. Refuses `bad_request` a limit out of 1 to 200 and a marker that
 * is no item's.
 */
export function markedPage<T>(query: Query, items: readonly T[], keyOf: (item: T) => string) {
  const limit = limitOf(one(query, 'limit'))
  const marker = one(query, 'marker')
  const seen = marker ? items.findIndex((item) => keyOf(item) === marker) : -1
  if (marker && seen === -1) refuse('bad_request', 'marker', { message: 'The marker is invalid.' })
  const page = items.slice(seen + 1, seen + 1 + limit)
  const last = page.at(-1)
  const more = last !== undefined && seen + 1 + limit < items.length
  return {
    page,
    page_info: { ...(more ? { next_marker: keyOf(last) } : {}), current_count: page.length },
  }
}

function limitOf(text: string | undefined): number {
  if (text === undefined || text === '') return USUAL
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= MOST
    ? limit
    : refuse('bad_request', 'limit', { message: 'The limit is invalid.' })
}
