/** Engines made and removed, and users of the cloud brought into them. */
import type { Context } from '../context.ts'
import { engineLimits, isAccountName, isEnginePassword, nacosName } from '../core/engine-rules.ts'
import { refuse } from '../core/refusal.ts'
import { hashPassword } from '../hashing/hash.ts'
import { type EngineAccount, findEngineAccount, insertEngineAccount } from '../store/engine-accounts.ts'
import {
  deleteEngine,
  type EngineRecord,
  insertEngine,
  insertEngineJob,
  insertEngineKey,
  putNamespaceOwner,
} from '../store/engines.ts'
import { newId } from '../store/ids.ts'
import { isUniqueViolation } from '../store/unique.ts'
import { type Actor, change } from './change.ts'
import { createAccounts, newAccount, removeAccount } from './engine-accounts.ts'
import { refuseUnlisted } from './engine-call.ts'
import { newEngineKey } from './engine-keys.ts'
import { isMadeByPolicy } from './namespace-rights.ts'

export interface NewEngine
  extends Pick<EngineRecord, 'projectId' | 'enterpriseProjectId' | 'name' | 'specType' | 'authType'> {
  readonly description?: string
  readonly address?: string | null
  readonly maxTokenSeconds?: number
  readonly extra?: Readonly<Record<string, unknown>>
  /** Of the account `root`; without it nobody logs in as root. */
  readonly rootPassword?: string | undefined
}

const NAME = /^[A-Za-z](?:[A-Za-z0-9-]{1,22}[A-Za-z0-9])$/

/**
 * Makes an engine with a key of its own and, in ServiceComb, the account `root`. Gives it with the number of its job, which
 * is finished when this resolves. Refuses names of another form than CSE's, and one that the project has already.
 */
export async function createEngine(
  ctx: Context,
  wanted: NewEngine,
  by: Actor,
): Promise<{ readonly engine: EngineRecord; readonly jobId: number }> {
  const { rootPassword, description = '', address = null, extra = {} } = wanted
  const { maxTokenSeconds = engineLimits.mostTokenLife } = wanted
  if (!NAME.test(wanted.name) || wanted.name === 'default') invalid('name')
  if (description.length > 255) invalid('description')
  if (rootPassword !== undefined && !isEnginePassword(rootPassword, 'root')) invalid('auth_cred/pwd')
  if (!(maxTokenSeconds >= 60 && maxTokenSeconds <= engineLimits.mostTokenLife)) invalid('max token life')
  if (address !== null) refuseUnlisted(ctx, address)
  const { projectId, enterpriseProjectId, name, specType, authType } = wanted
  const engine: EngineRecord = {
    id: newId(),
    projectId,
    enterpriseProjectId,
    name,
    description,
    specType,
    authType,
    address,
    maxTokenSeconds,
    extra,
    createdBy: by.session?.user.name ?? '',
    createdAt: ctx.now(),
  }
  const key = await newEngineKey(ctx, engine, 'current')
  const hash = rootPassword === undefined ? null : await hashPassword(ctx.kdf, rootPassword, ctx.settings)
  const root = newAccount(ctx, engine, {
    name: specType === 'CSE2' ? 'root' : 'nacos',
    roles: ['admin'],
    hash,
  })
  try {
    const jobId = await change(ctx, by, `engine:${engine.id}`, async (tx) => {
      await insertEngine(tx, engine)
      await insertEngineKey(tx, key)
      if (hash !== null) await insertEngineAccount(tx, root)
      const { createdBy, createdAt } = engine
      return insertEngineJob(tx, { engineId: engine.id, projectId, type: 'Create', createdBy, createdAt })
    })
    return { engine, jobId }
  } catch (error) {
    if (isUniqueViolation(error)) {
      refuse('bad_request', 'engine name taken', {
        wireCode: 'ENGINE.0409',
        message: 'The project has an engine of that name.',
      })
    }
    throw error
  }
}

/** Puts a namespace of a Nacos engine into an enterprise project, which policies are asked about from then on. */
export async function setNamespaceOwner(
  ctx: Context,
  engine: EngineRecord,
  namespace: { readonly id: string; readonly enterpriseProjectId: string },
  by: Actor,
): Promise<void> {
  if (engine.specType !== 'Nacos2') invalid('engine: only Nacos has namespaces')
  await change(ctx, by, `engine:${engine.id}`, (tx) => putNamespaceOwner(tx, engine.id, namespace))
}

/** Removes an engine with everything it has; gives the number of the job. */
export function removeEngine(ctx: Context, engine: EngineRecord, by: Actor): Promise<number> {
  return change(ctx, by, `engine:${engine.id}`, async (tx) => {
    await deleteEngine(tx, engine.id)
    return insertEngineJob(tx, {
      engineId: engine.id,
      projectId: engine.projectId,
      type: 'Delete',
      createdBy: by.session?.user.name ?? '',
      createdAt: ctx.now(),
    })
  })
}

export interface Import {
  /** Id of a user or an agency. */
  readonly principal: { readonly id: string; readonly name: string }
  /** Name of the account; the principal's own unless given. */
  readonly name?: string | undefined
  readonly roles: readonly string[]
  /** To log in with as well; without it only sessions of the cloud bring tokens. */
  readonly password?: string | undefined
  /** Of a Nacos engine; ServiceComb has none. */
  readonly namespace?: string
}

/**
 * Brings a user (or agency) of the cloud into the engine, matched by id from then on. Refuses what `createAccounts` does;
 * a user whose name an engine would not take needs another one.
 */
export async function importPrincipal(
  ctx: Context,
  engine: EngineRecord,
  wanted: Import,
  by: Actor,
): Promise<EngineAccount> {
  const { principal, roles, password, namespace = '' } = wanted
  const isNacos = engine.specType === 'Nacos2'
  if (!isNacos && namespace !== '') invalid('namespace')
  const name = wanted.name ?? (isNacos ? nacosName('iam', principal.id, namespace) : principal.name)
  if (!isAccountName(name) || (isNacos && isMadeByPolicy({ name }))) invalid('account name')
  const there = await findEngineAccount(ctx.store.db, engine.id, { principalId: principal.id, namespace })
  // What a policy gave makes way for what somebody gives.
  if (there && isNacos && isMadeByPolicy(there)) {
    await removeAccount(ctx, engine, { name: there.name, self: '' }, by)
  }
  const [account] = await createAccounts(
    ctx,
    engine,
    [{ name, roles, password, principalId: principal.id, namespace }],
    by,
  )
  return account ?? refuse('internal', 'no account was made')
}

function invalid(field: string): never {
  return refuse('bad_request', `engine ${field}`, {
    wireCode: 'ENGINE.0400',
    message: `The parameter ${field} is not valid.`,
  })
}
