/**
 * Twelve people for policy tables: reader, member, manager and admin on a project, on its domain, and on the system. Each
 * has that one role and a token for that one scope; all of them live in the domain.
 */
import assert from 'node:assert/strict'
import type { Answer, House } from './house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from './seed.ts'

const SCOPES = ['project', 'domain', 'system'] as const
const ROLES = ['reader', 'member', 'manager', 'admin'] as const

export const personas: readonly string[] = SCOPES.flatMap((scope) => ROLES.map((role) => `${scope}_${role}`))

export interface Personas {
  readonly domain: string
  readonly project: string
  /** The token of `system_reader` and so on. */
  readonly tokens: Readonly<Record<string, string>>
}

export async function openPersonas(house: House): Promise<Personas> {
  const domain = await seedDomain(house, 'personas')
  const project = await seedProject(house, 'personas', domain)
  const tokens: Record<string, string> = {}
  for (const scope of SCOPES) {
    for (const role of ROLES) {
      const name = `${scope}_${role}`
      const user = await seedUser(house, name, domain)
      const target = { project: { project }, domain: { domain }, system: 'system' as const }[scope]
      await seedGrant(house, user, role, target)
      const asked = { project: { id: project }, domain: { id: domain }, system: { all: true } }[scope]
      tokens[name] = await house.login(user, PASSWORD, { [scope]: asked })
    }
  }
  return { domain, project, tokens }
}

/** One line of a policy table. */
export interface PersonaRow {
  /** Id of the operation. */
  readonly operation: string
  /** The rule that decides. */
  readonly rule: string
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** Who may: `system_reader`, `system_*`, `*_admin`, `*`; separated by spaces. */
  readonly allowed: string
}

export function isAllowed(row: PersonaRow, persona: string): boolean {
  const [scope, role] = persona.split('_')
  const ways = new Set(['*', persona, `${scope}_*`, `*_${role}`])
  return row.allowed.split(' ').some((word) => ways.has(word))
}

/** Fails unless the answer is the rule's refusal exactly when the row says so. */
export function assertDecided(row: PersonaRow, persona: string, answer: Answer): void {
  const what = `${persona}: ${row.method} ${row.path}`
  const refusal = `You are not authorized to perform the requested action: ${row.rule}.`
  const refused = answer.status === 403 && answer.body?.error?.message === refusal
  assert.notEqual(answer.status, 401, what)
  assert.ok(answer.status < 500, `${what}: ${answer.status}`)
  assert.equal(refused, !isAllowed(row, persona), `${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
}
