/** What random graphs of delegation are made of: sessions, things lent, an agency, and what each stands on. */
import { insertAgency } from '../store/agencies.ts'
import { insertGrant } from '../store/assignments.ts'
import { ensureRole } from '../store/bootstrap.ts'
import { newId } from '../store/ids.ts'
import type { Answer, House } from './house.ts'

/** Each with what it implies. */
export const CLOSURE: Readonly<Record<string, readonly string[]>> = {
  reader: ['reader'],
  member: ['member', 'reader'],
  manager: ['manager', 'member', 'reader'],
  admin: ['admin', 'manager', 'member', 'reader'],
}

/** What rights come from, by name: `user:…`, `grant:…`, `trust:…`. Gone is gone. */
export type Roots = ReadonlySet<string>

/** Rights on one project, until when, standing on what. */
export interface Rights {
  readonly project: string
  readonly roles: readonly string[]
  /** Milliseconds. */
  readonly expiresAt: number
  readonly roots: Roots
}

export interface SessionNode extends Rights {
  readonly kind: 'session'
  readonly name: string
  readonly token: string
  readonly user: string
  readonly delegated: boolean
}

/** Something lent: whoever has it makes sessions with it. */
export interface LentNode extends Rights {
  readonly kind: 'trust' | 'application_credential' | 'ec2' | 'oauth1'
  readonly name: string
  readonly user: string
  readonly path: string
  readonly use: () => Promise<Answer>
  /** Users whose change of password voids its sessions. */
  readonly parties: readonly string[]
  readonly trust?: { readonly trustee: string; readonly mayPassOn: boolean }
}

/** Random numbers below 1 that are the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Not a sign-in or what it gave: things lent outlive those. */
export const isLasting = (root: string) => !/^(token|chain):/.test(root)

export async function roleId(house: House, name: string): Promise<string> {
  return house.ctx.store.write((tx) => ensureRole(tx, name))
}

/** An agency of the default domain that trusts it, a member on each project. */
export async function seedAgency(house: House, name: string, projects: readonly string[]): Promise<string> {
  const id = newId()
  await house.ctx.store.write(async (tx) => {
    const role = await ensureRole(tx, 'member')
    await insertAgency(tx, {
      id,
      domainId: 'default',
      kind: 'agency',
      name,
      description: '',
      trustDomainId: 'default',
      trustPolicy: null,
      durationHours: null,
      expiresAt: null,
      maxSessionSeconds: 86_400,
      externalId: null,
      guards: {},
      extra: {},
      createdAt: house.ctx.now(),
    })
    for (const project of projects) {
      const place = {
        actor: { kind: 'agency', id },
        target: { kind: 'project', id: project },
        inherited: false,
      }
      await insertGrant(tx, place as never, role)
    }
  })
  return id
}
