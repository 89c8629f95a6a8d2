/**
 * Who has which role where, line by line: grants as they were made, or what they amount to. Pure: the store spreads
 * groups and inheritance (that needs the tree), here roles are replaced by what they imply.
 */
import type { RoleGraph } from './assignments.ts'

export interface RoleAssignment {
  readonly actor: { readonly kind: 'user' | 'group'; readonly id: string }
  readonly scope: { readonly kind: 'project' | 'domain' | 'system'; readonly id: string }
  readonly roleId: string
  /** The grant counts below `scope`, not on it. Never true of a line that was worked out. */
  readonly inherited: boolean
  /** The group whose member the user is, when the role came that way. */
  readonly viaGroup: string | null
  /** Where the inherited grant lies that gives the role on `scope`. */
  readonly from: { readonly kind: 'project' | 'domain'; readonly id: string } | null
  /** The role that implies `roleId`, when it came that way: the nearest one. */
  readonly priorRoleId: string | null
}

/**
 * The lines and, after the lines of the same actor, scope and way, one for every implication that follows: `roleId`
 * implied by `priorRoleId`, each once however many roles lead to it. Circles end.
 */
export function withImpliedRoles<T extends RoleAssignment>(lines: readonly T[], implied: RoleGraph): T[] {
  const byWay = new Map<string, { readonly line: T; readonly roles: Set<string> }>()
  for (const line of lines) {
    const way = wayOf(line)
    const entry = byWay.get(way)
    if (entry) entry.roles.add(line.roleId)
    else byWay.set(way, { line, roles: new Set([line.roleId]) })
  }
  const all = [...lines]
  for (const { line, roles } of byWay.values()) {
    // The set grows while it is walked: what an implied role implies follows too.
    for (const priorRoleId of roles) {
      for (const roleId of implied.get(priorRoleId) ?? []) {
        all.push({ ...line, roleId, priorRoleId })
        roles.add(roleId)
      }
    }
  }
  return all
}

function wayOf({ actor, scope, viaGroup, from }: RoleAssignment): string {
  return `${actor.kind} ${actor.id} ${scope.kind} ${scope.id} ${viaGroup} ${from?.kind} ${from?.id}`
}

/** The role itself and every role that implies it, through however many others. */
export function rolesLeadingTo(roleId: string, implied: RoleGraph): ReadonlySet<string> {
  const priors = new Map<string, string[]>()
  for (const [prior, ids] of implied) for (const id of ids) priors.set(id, [...(priors.get(id) ?? []), prior])
  const leading = new Set([roleId])
  for (const id of leading) for (const prior of priors.get(id) ?? []) leading.add(prior)
  return leading
}
