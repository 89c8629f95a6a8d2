/** What the engine commands share: how an engine is named and shown. */
import type { Context } from '../context.ts'
import { type EngineRecord, findEngine, listEngines } from '../store/engines.ts'
import { CommandError } from './command.ts'
import { notThere } from './operator.ts'

/** An engine by id, else by a name that only one has. */
export async function engineNamed(ctx: Context, text: string): Promise<EngineRecord> {
  const byId = await findEngine(ctx.store.db, text)
  if (byId) return byId
  const [engine, another] = (await listEngines(ctx.store.db)).filter(({ name }) => name === text)
  if (another) throw new CommandError(`several engines are named ${text}: name it by id`)
  return engine ?? notThere('engine', text)
}

export function engineShown(engine: EngineRecord) {
  return {
    id: engine.id,
    name: engine.name,
    project: engine.projectId,
    enterpriseProject: engine.enterpriseProjectId,
    specType: engine.specType,
    authType: engine.authType,
    address: engine.address,
  }
}
