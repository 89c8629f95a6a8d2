/** Tables for people, and bench/RESULTS.md, to which `--write` adds the newest run on top: rows that got worse stay to be seen. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../tools/step.ts'
import { machineLine } from './machine.ts'
import type { Measured } from './rounds.ts'

export type Table = readonly (readonly string[])[]

/** Goals that a run is held to: a text and whether it was reached. */
export interface Goal {
  readonly text: string
  readonly reached: boolean
}

/** What a run asks, and with how much of what: the one names its place among the results, the other may change. */
export interface Subject {
  readonly question: string
  readonly setup?: string
}

const FILE = join(root, 'bench', 'RESULTS.md')
const HEAD = `# Results

Newest run of each question first; older ones stay, better or worse. How it is measured: [README.md](README.md).
`

export function measuredTable(rows: readonly Measured[]): Table {
  const head = [
    'row',
    'req/s',
    'of floor',
    'p50 ms',
    'p99 ms',
    'CPU µs/req',
    'floor CPU',
    'false accepts',
    'false rejects',
    'errors',
  ]
  return [
    head,
    ...rows.map((row) => [
      row.name,
      row.perSecond < 100 ? row.perSecond.toFixed(1) : row.perSecond.toFixed(0),
      percent(row.share),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      Number.isNaN(row.cpuMs) ? '-' : (row.cpuMs * 1000).toFixed(0),
      percent(row.cpuShare),
      String(row.falseAccepts),
      String(row.falseRejects),
      String(row.errors),
    ]),
  ]
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : '-'
}

export function noFalseVerdicts(
  rows: readonly Pick<Measured, 'falseAccepts' | 'falseRejects' | 'errors'>[],
): Goal {
  const wrong = rows.filter((row) => row.falseAccepts + row.falseRejects + row.errors > 0)
  return { text: 'no false accept, no false reject, no error', reached: wrong.length === 0 }
}

/** Prints the table and the goals; writes them with `--write`; fails the process when a goal was missed. */
export function report(subject: Subject, table: Table, goals: readonly Goal[]): void {
  const about = [subject.setup, machineLine()].filter(Boolean).join('; ')
  console.log(`\n${about}\n\n${aligned(table)}\n`)
  for (const { text, reached } of goals) console.log(`${reached ? 'reached' : 'MISSED '}  ${text}`)
  const failed = goals.filter(({ reached }) => !reached).length
  console.log(`${goals.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
  if (process.argv.includes('--write')) write(subject.question, [about, table, goals])
}

function aligned(table: Table): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

function write(question: string, [about, table, goals]: readonly [string, Table, readonly Goal[]]): void {
  const [head = [], ...rows] = table
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const told = goals.map(({ text, reached }) => `${reached ? 'reached' : '**missed**'}: ${text}`).join('; ')
  const run = [
    `### ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    about,
    '',
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    told,
    '',
  ].join('\n')
  const old = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD
  const title = `## ${question}\n`
  const text = old.includes(title) ? old.replace(title, () => `${title}\n${run}`) : `${old}\n${title}\n${run}`
  writeFileSync(FILE, text)
}
