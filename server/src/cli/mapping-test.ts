import { readFileSync } from 'node:fs'
import { mappingFaults } from '../core/federation/mapping-faults.ts'
import {
  findPreviewedGroups,
  type MappingPreview,
  previewMapping,
  type Said,
} from '../flows/mapping-preview.ts'
import { findMapping, type Mapping } from '../store/mappings.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { withContext } from './with-context.ts'

/**
 * `tokenhouse mapping test --rules FILE | --mapping ID --assertion FILE | --claims FILE`: who a mapping makes of an assertion, and
 * by which rule. Rules from a file need no database. False when nobody is admitted.
 */
export async function run({ settings, options, print }: CommandInput): Promise<boolean> {
  const { rules, mapping, assertion, claims } = options
  if ((rules === undefined) === (mapping === undefined))
    throw new UsageError('one of --rules and --mapping is needed')
  if ((assertion === undefined) === (claims === undefined))
    throw new UsageError('one of --assertion and --claims is needed')
  const said = saidIn(String(assertion ?? claims), claims !== undefined)
  if (rules !== undefined) {
    const preview = previewMapping(rulesIn(String(rules)), said)
    show(print, preview, {})
    return preview.admitted
  }
  return withContext(settings, async (ctx) => {
    const found = await findMapping(ctx.store.db, String(mapping))
    if (!found) throw new CommandError(`there is no mapping ${mapping}`)
    const preview = previewMapping(found, said)
    const { missing } = await findPreviewedGroups(ctx.store.db, preview)
    const isGone = missing.some((group) => typeof group === 'string')
    show(print, preview, {
      ...(isGone ? { admitted: false, reason: 'a group by id that is not here' } : {}),
      missing_groups: missing,
    })
    return preview.admitted && !isGone
  })
}

/** For people without the rules that did not apply; programs get everything. */
function show(print: CommandInput['print'], preview: MappingPreview, more: object): void {
  const whole = { ...preview, ...more }
  const applied = preview.rules.map(({ rule, applies, unmet }) =>
    applies ? `${rule} applies` : `${rule} does not: remote entry ${unmet?.remote} (${unmet?.type})`,
  )
  const lines = Object.entries({ ...whole, rules: applied.join('; ') })
    .map(
      ([name, value]) => `${name.padEnd(14)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join('\n')
  print.text(lines, whole)
}

/** A list of rules, or an object that holds one, as the API takes it. */
function rulesIn(file: string): Pick<Mapping, 'rules' | 'schemaVersion'> {
  const parsed = jsonIn(file) as { mapping?: unknown; rules?: unknown } | unknown[]
  const mapping = Array.isArray(parsed) ? { rules: parsed } : (parsed.mapping ?? parsed)
  const faults = mappingFaults(mapping)
  if (faults.length > 0) throw new CommandError(`${file}: ${faults.join('; ')}`)
  const { rules, schema_version } = mapping as { rules: readonly unknown[]; schema_version?: string }
  return { rules, schemaVersion: schema_version ?? null }
}

function saidIn(file: string, areClaims: boolean): Said {
  const values = jsonIn(file)
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new CommandError(`${file}: not an object of names and values`)
  }
  return areClaims ? { claims: { ...values } } : { assertion: { ...values } }
}

function jsonIn(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(`${file}: not JSON`)
  }
}
