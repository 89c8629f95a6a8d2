import type { Context } from '../context.ts'
import { insertAgency, type NewAgency } from '../store/agencies.ts'
import { newId } from '../store/ids.ts'

/** Makes a RAM role that trusts nobody yet; `more` goes over what it is made of. */
export async function makeRamRole(
  ctx: Context,
  more: Partial<NewAgency> = {},
): Promise<{ readonly id: string; readonly name: string }> {
  const id = newId()
  const role: NewAgency = {
    id,
    domainId: 'default',
    kind: 'role',
    name: `role-${id.slice(0, 8)}`,
    description: '',
    trustDomainId: null,
    trustPolicy: null,
    durationHours: null,
    expiresAt: null,
    maxSessionSeconds: 3600,
    externalId: null,
    guards: {},
    extra: {},
    createdAt: ctx.now(),
    ...more,
  }
  await ctx.store.write((tx) => insertAgency(tx, role))
  return { id: role.id, name: role.name }
}
