/** Policy documents of the v5 API travel as text. */
import type { DocumentFault } from '../../../core/policy/statements/statement.ts'
import { refuse } from '../../../core/refusal.ts'

const MOST_CHARACTERS = 6144

/**
 * The document that a text holds, when `parse` finds nothing wrong with it. Refuses `bad_request` with what is wrong and
 * where.
 */
export function documentFrom(text: string, parse: (document: unknown) => object): unknown {
  if (text.length > MOST_CHARACTERS) return invalid('it is longer than 6144 characters')
  const document = jsonOf(text)
  const read = parse(document) as Partial<DocumentFault>
  return read.problem === undefined ? document : invalid(`${read.at} ${read.problem}`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return invalid('it is no JSON')
  }
}

function invalid(why: string): never {
  return refuse('bad_request', `policy document: ${why}`, {
    message: `The policy document is invalid: ${why}.`,
  })
}
