/**
 * A verdict of ours in the form the reference's are written in, for comparing both. Values that went through a white- or
 * blacklist come out of the reference in no order, so lists inside texts are compared as sets.
 */
import { applyMapping, type MappingRule } from '../../server/src/core/federation/mapping.ts'
import { mappingFaults } from '../../server/src/core/federation/mapping-faults.ts'
import type { Case } from './cases.ts'

export function ours({ rules, assertion }: Case): unknown {
  if (mappingFaults({ rules }).length > 0) return { faulty: true }
  const out = applyMapping(rules as readonly MappingRule[], assertion)
  if ('refused' in out) return { refused: true }
  // Names that differ in the order of a list inside them are two, and the same for the comparison.
  const groups = out.groups.map((group) => JSON.stringify(sorted(group)))
  return {
    user: sorted(out.user),
    group_ids: [...new Set(out.groupIds.map(sorted))].toSorted(),
    groups: [...new Set(groups)].toSorted(),
    projects: sorted(
      out.projects.map(({ name, roles }) => ({ name, roles: roles.map((role) => ({ name: role })) })),
    ),
  }
}

interface Verdict {
  readonly user: object
  readonly group_ids: readonly string[]
  readonly groups: readonly string[]
  readonly projects: unknown
}

/** Errors by which the reference says no; with any other one it broke. */
const SAID = ['ValidationError', 'DirectMappingError']

/** The reference's verdict, with every reason to refuse the same and nothing twice; undefined when it broke. */
export function theirs(text: string): unknown {
  const verdict = JSON.parse(text) as Verdict | { refused: string } | { faulty: true }
  if ('refused' in verdict) return SAID.includes(verdict.refused) ? { refused: true } : undefined
  if ('faulty' in verdict) return verdict
  const groups = verdict.groups.map((group) => JSON.stringify(sorted(JSON.parse(group))))
  return {
    user: sorted(verdict.user),
    group_ids: [...new Set(verdict.group_ids.map(sorted))].toSorted(),
    groups: [...new Set(groups)].toSorted(),
    projects: sorted(verdict.projects),
  }
}

const LIST = /\[((?:'[^']*'|"[^"]*")(?:, (?:'[^']*'|"[^"]*"))+)\]/g

function sorted(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(
      LIST,
      (_, inner: string) => `[${(inner.match(/'[^']*'|"[^"]*"/g) ?? []).sort().join(', ')}]`,
    )
  }
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
