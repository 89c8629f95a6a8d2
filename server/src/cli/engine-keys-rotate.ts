import { rotateEngineKeys } from '../flows/engine-keys.ts'
import type { CommandInput } from './command.ts'
import { engineNamed } from './engines.ts'
import { operator } from './operator.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine keys rotate ENGINE`: stages a next key; called again, it makes that one the current one. */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    const did = await rotateEngineKeys(ctx, engine, operator('rotate_engine_keys'))
    const isNacos = engine.specType === 'Nacos2'
    const restart = isNacos
      ? 'Nacos reads its secret again without a restart, on every node'
      : 'every service-center and KIE node of the engine has to be restarted: they know one key, read at start'
    const todo =
      did === 'staged'
        ? 'export it (tokenhouse engine keys export), bring its files to the engine, then rotate again'
        : `now: ${restart}; tokens signed before are refused from then on, clients exchange or log in again`
    print.record({ engine: engine.id, key: did, todo })
  })
}
