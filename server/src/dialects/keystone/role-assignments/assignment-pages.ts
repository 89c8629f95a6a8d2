/**
 * Lists of role assignments in parts: pages of `limit` lines, and whole lists too long to be made at once. Lines are in
 * order of their actors, and of their keys within one. Each part is read by itself: of what changes while a long list
 * is read some is seen and some is not.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { refuse } from '../../../core/refusal.ts'
import type { Actors, AssignmentLine } from '../../../store/role-assignments.ts'

type Stretch = Extract<Actors, { after: string }>

export interface Source {
  /** The lines of some actors in order of their ids, or of all in any order. */
  readonly lines: (actors?: Actors) => Promise<readonly AssignmentLine[]>
  /** The next stretch of about that size; undefined where the filters leave so little that it is read at once. */
  readonly stretch: ((after: string, size: number) => Promise<Stretch>) | undefined
}

/** The last line that a page has shown. */
export interface Seen {
  readonly actorId: string
  readonly key: string
}

/** Lines that a stretch should have: a few milliseconds of work. */
const LINES = 250
/** Actors or grants, whichever stretches are made of. */
const LEAST = 10
const MOST = 2000
const LONGEST_PAGE = 10_000

/** A page: at most `limit` lines (10,000 at most) after those seen, and the marker of the next when there is one. */
export async function pageOf(
  source: Source,
  limit: number,
  seen: Seen | undefined,
): Promise<{ readonly lines: readonly AssignmentLine[]; readonly next?: string }> {
  const most = Math.min(limit, LONGEST_PAGE)
  const lines: AssignmentLine[] = []
  for await (const part of partsOf(source, seen, Math.min(LINES, most))) {
    lines.push(...part)
    if (lines.length > most) break
  }
  const shown = lines.slice(0, most)
  const last = shown.at(-1)
  return lines.length > most && last ? { lines: shown, next: markerOf(last) } : { lines: shown }
}

/** All lines after those seen, about `wanted` in each part, other requests being answered in between. */
export async function* partsOf(
  source: Source,
  seen: Seen | undefined,
  wanted = LINES,
): AsyncGenerator<readonly AssignmentLine[], void> {
  if (!source.stretch) {
    const lines = (await source.lines()).toSorted(byKey)
    yield seen ? lines.filter((line) => keyOf(line) > seen.key) : lines
    return
  }
  if (seen) {
    const own = await source.lines({ only: seen.actorId })
    yield own.filter((line) => keyOf(line) > seen.key).sort(byKey)
  }
  let size = LEAST
  let after: string | null = seen?.actorId ?? ''
  while (after !== null) {
    await nextTurn()
    const stretch: Stretch = await source.stretch(after, size)
    const lines = await source.lines(stretch)
    yield byActor(lines)
    size = Math.max(LEAST, Math.min(MOST, Math.round((size * wanted) / Math.max(1, lines.length))))
    after = stretch.to
  }
}

/** In the order in which actors first come, which is the database's, and by key within each. */
function byActor(lines: readonly AssignmentLine[]): readonly AssignmentLine[] {
  const groups = Map.groupBy(lines, ({ actor }) => actor.id)
  return [...groups.values()].flatMap((group) => group.sort(byKey))
}

function byKey(a: AssignmentLine, b: AssignmentLine): number {
  const [one, other] = [keyOf(a), keyOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** Tells a line from every other of a list. */
function keyOf({ actor, scope, roleId, viaGroup, from, priorRoleId, inherited }: AssignmentLine): string {
  const way = [viaGroup ?? '', from?.kind ?? '', from?.id ?? '', priorRoleId ?? '', Number(inherited)]
  return [actor.id, actor.kind, scope.kind, scope.id, roleId, ...way].join(' ')
}

function markerOf(line: AssignmentLine): string {
  return Buffer.from(JSON.stringify([line.actor.id, keyOf(line)])).toString('base64url')
}

/** Refuses a marker that no page has given. */
export function readMarker(marker: string): Seen {
  const bad = (): never =>
    refuse('bad_request', 'marker', { message: 'marker is none that a page has given' })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(marker, 'base64url').toString('utf8'))
  } catch {
    return bad()
  }
  if (!Array.isArray(value) || value.length !== 2) return bad()
  const [actorId, key] = value as unknown[]
  if (typeof actorId !== 'string' || typeof key !== 'string' || actorId.includes('\0')) return bad()
  return { actorId, key }
}
