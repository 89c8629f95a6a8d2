/** Finds where two normalised answers differ, and which of those differences are explained. */
import type { Normal } from './normalise.ts'

export type Difference = {
  readonly family: string
  readonly step: string
  /** `status`, `header.vary`, `body.error.message` … */
  readonly where: string
  readonly reference: string
  readonly subject: string
}

export type Explanation = Difference & { readonly reason: string; readonly line: number }

const shown = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value))

const walk = (where: string, a: unknown, b: unknown, found: [string, unknown, unknown][]): void => {
  if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object') {
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
  const found: [string, unknown, unknown][] = []
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
