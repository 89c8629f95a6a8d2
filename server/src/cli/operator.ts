/** What commands of the operator share: who acts in the audit trail, and how people name things on a command line. */
import type { Context } from '../context.ts'
import type { Actor } from '../flows/change.ts'
import { findUser, type UserRecord } from '../store/identity.ts'
import { type DomainRecord, findDomainScope, findProjectScope, type ProjectRecord } from '../store/scopes.ts'
import { CommandError, type CommandInput, UsageError } from './command.ts'
import { readInput } from './input.ts'

type Option = string | boolean | undefined

/** The person at the machine itself, in the audit trail. */
export function operator(action: string): Actor {
  return { session: null, action: `cli_${action}`, requestId: '' }
}

/** A domain by name, else by id; the default domain when none is named. */
export async function domainNamed(ctx: Context, named: Option): Promise<DomainRecord> {
  const { db } = ctx.store
  const text = String(named ?? ctx.settings.defaultDomain)
  const domain = (await findDomainScope(db, { name: text })) ?? (await findDomainScope(db, { id: text }))
  return domain ?? notThere('domain', text)
}

/** A user by name in the domain, else by id. */
export async function userNamed(ctx: Context, text: string, domain: Option): Promise<UserRecord> {
  const { id } = await domainNamed(ctx, domain)
  const { db } = ctx.store
  return (
    (await findUser(db, { name: text, domain: { id } })) ??
    (await findUser(db, { id: text })) ??
    notThere('user', text)
  )
}

/** A project by name in the domain, else by id. */
export async function projectNamed(ctx: Context, text: string, domain: Option): Promise<ProjectRecord> {
  const { id } = await domainNamed(ctx, domain)
  const { db } = ctx.store
  const project =
    (await findProjectScope(db, { name: text, domain: { id } })) ?? (await findProjectScope(db, { id: text }))
  return project ?? notThere('project', text)
}

/** A password from `--password-file` (`-`: stdin), without its line end; undefined when no file is named. */
export async function passwordFrom({ options }: CommandInput): Promise<string | undefined> {
  const file = options['passwordFile']
  if (file === undefined) return undefined
  return (await readInput(String(file))).replace(/\r?\n$/, '')
}

/** A name for something new, within the API's limits. Refuses one that is blank or longer than `most` characters. */
export function newName(kind: string, text: string, most: number): string {
  if (text.trim() !== '' && text.length <= most) return text
  throw new UsageError(`the name of ${kind} has 1 to ${most} characters, not all of them blank`)
}

export function notThere(kind: string, name: string): never {
  throw new CommandError(`there is no ${kind} ${name}`)
}
