/**
 * What a mapping would make of an assertion: nothing is verified, nobody signs in and nothing is written. For who writes
 * mappings.
 */
import { EffortSpent, newEffort } from '../core/federation/effort.ts'
import {
  type Assertion,
  applyMapping,
  type Mapped,
  type MappedGroup,
  type MappedProject,
  type MappedUser,
  type MappingRule,
  unmetEntry,
} from '../core/federation/mapping.ts'
import { assertionOf } from '../methods/oidc/assertion.ts'
import { type FoundGroup, findMappedGroups, isNamed } from '../store/federated-users.ts'
import type { Mapping } from '../store/mappings.ts'
import type { Db } from '../store/store.ts'

/** What a provider would say. */
export type Said =
  /** Attributes, each a text or a list of them. */
  | { readonly assertion: Readonly<Record<string, unknown>> }
  /** An ID token's. */
  | { readonly claims: Readonly<Record<string, unknown>> }

interface Outcome {
  readonly admitted: boolean
  /** Why nobody is admitted. */
  readonly reason?: string
  readonly user?: MappedUser
  /** As the mapping has them: ids, and names with their domains. */
  readonly groups?: readonly (string | MappedGroup)[]
  readonly projects?: readonly MappedProject[]
}

/** What one rule (its place, from 0) does alone, or the first remote entry by which it does not apply. */
export interface RuleOutcome extends Omit<Outcome, 'admitted'> {
  readonly rule: number
  readonly applies: boolean
  readonly unmet?: { readonly remote: number; readonly type: string }
}

export interface MappingPreview extends Outcome {
  readonly rules: readonly RuleOutcome[]
}

type Rules = Pick<Mapping, 'rules' | 'schemaVersion'>

/** Decides on values alone, at the cost of one sign-in. Rules have to be well formed. */
export function previewMapping(mapping: Rules, said: Said): MappingPreview {
  try {
    return previewed(mapping, said)
  } catch (error) {
    if (error instanceof EffortSpent) return { admitted: false, reason: error.message, rules: [] }
    throw error
  }
}

function previewed({ rules, schemaVersion }: Rules, said: Said): MappingPreview {
  const assertion = 'claims' in said ? assertionOf(said.claims) : attributesOf(said.assertion)
  const effort = newEffort()
  const manner = { ownGroups: schemaVersion === 'account', effort }
  const apply = (some: readonly MappingRule[]): Outcome => outcomeOf(applyMapping(some, assertion, manner))
  const all = rules as readonly MappingRule[]
  const outcomes = all.map((rule, index): RuleOutcome => {
    const remote = unmetEntry(rule, assertion, effort)
    if (remote === undefined) {
      const { admitted: _, ...given } = apply([rule])
      return { rule: index, applies: true, ...given }
    }
    return { rule: index, applies: false, unmet: { remote, type: rule.remote[remote]?.type ?? '' } }
  })
  const whole = apply(all)
  const named = whole.user?.type === 'local' || (whole.user?.name ?? whole.user?.id ?? '') !== ''
  const admitted = whole.admitted && named
  return {
    ...whole,
    admitted,
    ...(whole.admitted && !named ? { reason: 'no rule names a user' } : {}),
    rules: outcomes,
  }
}

function attributesOf(values: Readonly<Record<string, unknown>>): Assertion {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value].flat().map(String)]))
}

function outcomeOf(mapped: Mapped | { readonly refused: string }): Outcome {
  if ('refused' in mapped) return { admitted: false, reason: mapped.refused }
  const { user, groupIds, groups, projects } = mapped
  return { admitted: true, user, groups: [...groupIds, ...groups], projects }
}

/**
 * The groups of a preview as they are here, and those that are not: a missing id refuses a sign-in, a missing name is left
 * out. `ownDomain`: where groups named without a domain are looked for.
 */
export async function findPreviewedGroups(
  db: Db,
  preview: MappingPreview,
  ownDomain?: string,
): Promise<{ readonly found: readonly FoundGroup[]; readonly missing: readonly (string | MappedGroup)[] }> {
  const groups = (preview.groups ?? []).map((group) =>
    typeof group !== 'string' && ownDomain !== undefined && Object.keys(group.domain).length === 0
      ? { ...group, domain: { id: ownDomain } }
      : group,
  )
  const ids = groups.filter((group) => typeof group === 'string')
  const names = groups.filter((group) => typeof group !== 'string')
  const { byId, byName } = await findMappedGroups(db, { ids, names })
  const isHere = (group: string | MappedGroup): boolean =>
    typeof group === 'string'
      ? byId.some(({ id }) => id === group)
      : byName.some((found) => isNamed(found, group))
  const found = new Map([...byId, ...byName].map((group) => [group.id, group]))
  return { found: [...found.values()], missing: groups.filter((group) => !isHere(group)) }
}
