/**
 * From grants to effective roles. Pure: the store has loaded every grant that could matter (the user's and the groups',
 * on the target and on what it inherits from); here it is decided which of them count.
 */

/** A grant on the target itself, or an inherited one found on the domain or a parent above it. */
export interface Grant {
  readonly roleId: string
  /** 1 when granted with `inherited_to_projects`. */
  readonly inherited: boolean
  /** True when the grant lies on the target of the scope, false when on something above it. */
  readonly onTarget: boolean
}

export type RoleGraph = ReadonlyMap<string, readonly string[]>

/**
 * Role ids that hold on the target, implied roles included.
 * A grant marked inherited counts only below where it was made; a plain one only where it was made (OS-INHERIT).
 * `implied` maps a role to the roles it implies; cycles are harmless.
 */
export function effectiveRoleIds(grants: readonly Grant[], implied: RoleGraph): ReadonlySet<string> {
  const direct = grants.filter((g) => g.inherited !== g.onTarget).map((g) => g.roleId)
  return withImplied(direct, implied)
}

/** The role ids and everything they imply. */
export function withImplied(roleIds: Iterable<string>, implied: RoleGraph): ReadonlySet<string> {
  // A set visits what is added to it while it is walked, in order: direct roles first, then what they imply.
  const held = new Set(roleIds)
  for (const id of held) for (const next of implied.get(id) ?? []) held.add(next)
  return held
}
