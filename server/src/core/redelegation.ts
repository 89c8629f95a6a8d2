/** When a trust may be passed on: never longer, wider or deeper than what it is made from (OS-TRUST, redelegation). */

export interface Redelegable {
  readonly roleIds: readonly string[]
  readonly impersonation: boolean
  /** Microseconds. */
  readonly expiresAt: number | null
  readonly redelegationCount: number
  readonly projectId: string | null
}

export interface PassedOn extends Redelegable {
  readonly remainingUses: number | null
}

/** What is wrong with passing `parent` on as `child`, in words for the wire; undefined when nothing is. */
export function redelegationFault(
  parent: Redelegable,
  child: PassedOn,
  maxDepth: number,
): string | undefined {
  if (parent.redelegationCount < 1 || parent.redelegationCount > maxDepth) {
    return `Remaining redelegation depth of ${parent.redelegationCount} out of allowed range of [0..${maxDepth}]`
  }
  if (child.remainingUses !== null) {
    return `Field "remaining_uses" is set to ${child.remainingUses} while it must not be set in order to redelegate a trust`
  }
  if (parent.expiresAt !== null && (child.expiresAt === null || child.expiresAt > parent.expiresAt)) {
    return 'Requested expiration time is more than redelegated trust can provide'
  }
  if (!child.roleIds.every((id) => parent.roleIds.includes(id))) {
    return 'Some of requested roles are not in redelegated trust'
  }
  if (child.impersonation && !parent.impersonation) {
    return 'Impersonation is not allowed because redelegated trust does not specify impersonation.'
  }
  // A trust pins its project for everything made from it (CVE-2014-3520).
  if (child.projectId !== parent.projectId) return 'A redelegated trust is for the same project'
  return undefined
}
