/**
 * How the command line shows data: for people in columns, for programs as JSON. Names are whoever's gave them: nothing in
 * one moves the cursor, colours the terminal or begins a line of its own.
 */
import type { Print } from './command.ts'

/** A `Print` that writes to `write`; `json` is the user's --json. */
export function makePrint(write: (text: string) => void, json: boolean): Print {
  const line = (text: string): void => write(`${text.split('\n').map(visible).join('\n')}\n`)
  const asJson = (value: unknown): void => line(JSON.stringify(value, null, 2))
  return {
    line,
    picture: (text, rows) => (json ? asJson(rows) : line(text)),
    record: (record) => {
      if (json) return asJson(record)
      const width = Math.max(...Object.keys(record).map((name) => name.length))
      for (const [name, value] of Object.entries(record)) line(`${name.padEnd(width)}  ${cell(value)}`)
    },
    text: (text, record) => (json ? asJson(record) : line(text)),
    table: (rows) => {
      if (json) return asJson(rows)
      const [first] = rows
      if (!first) return
      const columns = Object.keys(first).map((name) => [
        name,
        ...rows.map((row) => cell((row as Record<string, unknown>)[name])),
      ])
      const widths = columns.map((column) => Math.max(...column.map((text) => text.length)))
      for (let at = 0; at <= rows.length; at++) {
        line(
          columns
            .map((column, i) => column[at]!.padEnd(widths[i]!))
            .join('  ')
            .trimEnd(),
        )
      }
    },
  }
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '-'
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** The text with what a terminal obeys (control characters, breaks of lines, turns of direction) written out as `\u001b`. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
