/** Drift: where an engine's own software and what is kept here do not agree about accounts. */
import type { Context } from '../context.ts'
import { listEngineAccounts } from '../store/engine-accounts.ts'
import type { EngineRecord } from '../store/engines.ts'
import { isMirrored, remoteAccounts } from './engine-remote.ts'

export interface Drift {
  readonly account: string
  readonly verdict: 'same' | 'only here' | 'only there' | 'other roles'
  readonly here: readonly string[]
  readonly there: readonly string[]
}

/**
 * Compares the accounts of a ServiceComb engine; root is the engine's own and left out. undefined when the engine has no
 * address to ask, or is a Nacos. Refuses `unavailable` when it does not answer.
 */
export async function checkEngine(ctx: Context, engine: EngineRecord): Promise<readonly Drift[] | undefined> {
  if (!isMirrored(engine) || engine.specType !== 'CSE2') return undefined
  const [here, there] = await Promise.all([
    listEngineAccounts(ctx.store.db, engine.id),
    remoteAccounts(ctx, engine),
  ])
  const names = new Set([...here, ...there].map(({ name }) => name))
  names.delete('root')
  return [...names].sort().map((account) => {
    const ours = here.find(({ name }) => name === account)
    const theirs = there.find(({ name }) => name === account)
    const verdict = !theirs
      ? 'only here'
      : !ours
        ? 'only there'
        : [...ours.roles].sort().join() === [...theirs.roles].sort().join()
          ? 'same'
          : 'other roles'
    return { account, verdict, here: ours?.roles ?? [], there: theirs?.roles ?? [] }
  })
}
