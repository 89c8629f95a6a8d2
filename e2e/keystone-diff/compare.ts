/** Finds where two normalised answers differ, and which of those differences are explained. */
import type { Normal } from './normalise.ts'

export type Difference = {
  readonly family: string
  readonly step: string
  /** `status`, `header.vary`, `body.error.message`, `body.users.<alice>.name` … */
  readonly where: string
  readonly reference: string
  readonly subject: string
}

export type Explanation = Difference & { readonly reason: string; readonly line: number }

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value))

type Found = [where: string, reference: unknown, subject: unknown]

/** What a list element is called: an element more or less must not make the rest look different. */
const identity = (item: unknown): string => {
  if (item === null || typeof item !== 'object') return JSON.stringify(item)
  const { id, name, links } = item as { id?: unknown; name?: unknown; links?: { assignment?: unknown } }
  const known = id ?? links?.assignment ?? name
  return typeof known === 'string' ? known : JSON.stringify(item)
}

const named = (items: readonly unknown[]): Map<string, unknown> => {
  const result = new Map<string, unknown>()
  for (const item of items) {
    const base = identity(item)
    let key = base
    for (let n = 2; result.has(key); n += 1) key = `${base} #${n}`
    result.set(key, item)
  }
  return result
}

const isList = (value: readonly unknown[]): boolean =>
  value.some((item) => item !== null && typeof item === 'object')

const walk = (where: string, a: unknown, b: unknown, found: Found[]): void => {
  if (Array.isArray(a) && Array.isArray(b) && (isList(a) || isList(b)))
    walk(where, Object.fromEntries(named(a)), Object.fromEntries(named(b)), found)
  else if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object') {
    if (Array.isArray(a) !== Array.isArray(b)) found.push([where, a, b])
    else
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        walk(
          `${where}.${key}`,
          (a as Record<string, unknown>)[key],
          (b as Record<string, unknown>)[key],
          found,
        )
  } else if (a !== b) found.push([where, a, b])
}

/** Every leaf in which the two answers differ. When the status differs, the body is not compared. */
export const differences = (
  family: string,
  step: string,
  reference: Normal,
  subject: Normal,
): Difference[] => {
  const found: Found[] = []
  if (reference.status !== subject.status) found.push(['status', reference.status, subject.status])
  else {
    walk('header', reference.headers, subject.headers, found)
    walk('body', reference.body, subject.body, found)
  }
  return found.map(([where, a, b]) => ({ family, step, where, reference: shown(a), subject: shown(b) }))
}

/** Reads `explained.tsv`: family, step, where, reference, subject, reason; `#` starts a remark. */
export const parseExplanations = (text: string): Explanation[] =>
  text.split('\n').flatMap((row, index) => {
    if (row.trim() === '' || row.startsWith('#')) return []
    const [family, step, where, reference, subject, reason] = row.split('\t')
    if (!family || !step || !where || !reference || !subject || !reason)
      throw new Error(`explained.tsv line ${index + 1}: six columns are needed`)
    return [{ family, step, where, reference, subject, reason, line: index + 1 }]
  })

/** A cell is exact text, `*`, text with `*` in it, or `/a regular expression/`. */
const cellMatches = (cell: string, value: string): boolean => {
  if (cell === '*' || cell === value) return true
  if (cell.length > 2 && cell.startsWith('/') && cell.endsWith('/'))
    return new RegExp(cell.slice(1, -1), 's').test(value)
  if (!cell.includes('*')) return false
  const pattern = cell
    .split('*')
    .map((part) => part.replace(/[.?+^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`, 's').test(value)
}

/** The first explanation of a difference, if there is one. */
export const explain = (rows: readonly Explanation[], found: Difference): Explanation | undefined =>
  rows.find((row) =>
    (['family', 'step', 'where', 'reference', 'subject'] as const).every((key) =>
      cellMatches(row[key], found[key]),
    ),
  )
