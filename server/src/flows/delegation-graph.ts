/** Who may act for whom: every agency with the account it trusts, what it may, and the people who may take it on. */
import type { Context } from '../context.ts'
import { listAgencies } from '../store/agencies.ts'
import { listActorGrants } from '../store/assignments.ts'
import { findUser } from '../store/identity.ts'
import { findDomainScope } from '../store/scopes.ts'
import { findUsersIn } from '../store/users.ts'
import { mayAct } from './agencies.ts'
import { accountsTrusted } from './agency-trust.ts'

export interface Delegation {
  readonly account: string
  readonly trusted: string
  readonly through: { readonly kind: string; readonly id: string; readonly name: string }
  /** ISO 8601; null: without end. */
  readonly expires: string | null
  readonly grants: readonly { readonly role: string; readonly on: string }[]
  /** Names of the trusted account's users who may act. */
  readonly agents: readonly string[]
}

export async function delegations(ctx: Context): Promise<readonly Delegation[]> {
  const { db } = ctx.store
  const edges: Delegation[] = []
  for (const agency of await listAgencies(db, {})) {
    const grants = await listActorGrants(db, { kind: 'agency', id: agency.id })
    const accounts = accountsTrusted(agency)
    const people = (await Promise.all(accounts.map((id) => findUsersIn(db, id)))).flat()
    const names = await Promise.all(accounts.map((id) => findDomainScope(db, { id })))
    const agents: string[] = []
    for (const { id, name } of people) {
      const user = await findUser(db, { id })
      if (user?.enabled && (await mayAct(ctx, agency, { user, groups: [] }))) agents.push(name)
    }
    edges.push({
      account: agency.domain.name,
      trusted: names.map((domain, i) => domain?.name ?? accounts[i]).join(', ') || 'by policy',
      through: { kind: agency.kind, id: agency.id, name: agency.name },
      expires: agency.expiresAt === null ? null : new Date(agency.expiresAt / 1000).toISOString(),
      grants: grants.map(({ role, target, inherited }) => ({
        role,
        on: inherited ? `all projects of ${target.name}` : `${target.kind} ${target.name}`,
      })),
      agents,
    })
  }
  return edges
}
