import { randomUUID } from 'node:crypto'
import { namespaceOf } from '../core/engine-rules.ts'
import { exchangeEngineToken } from '../flows/engine-exchange.ts'
import { validateToken } from '../flows/validate-token.ts'
import { type CommandInput, UsageError } from './command.ts'
import { engineNamed } from './engines.ts'
import { readInput } from './input.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse engine token ENGINE < token.txt`: exchanges a token of the cloud, as a client does. */
export async function run({ settings, args, options, print }: CommandInput): Promise<void> {
  const namespace = namespaceOf(options['namespace'] === undefined ? '' : String(options['namespace']))
  if (namespace === undefined) throw new UsageError('--namespace is not one of Nacos')
  const text = (await readInput(String(options['tokenFile'] ?? '-'))).trim()
  await withContext(settings, async (ctx) => {
    const engine = await engineNamed(ctx, args[0]!)
    const session = await validateToken(ctx, text)
    const token = await exchangeEngineToken(ctx, {
      session,
      projectId: engine.projectId,
      engineId: engine.id,
      enterpriseProjectId: String(options['enterpriseProject'] ?? engine.enterpriseProjectId),
      namespace,
      requestId: `req-${randomUUID()}`,
    })
    print.record({ token: token.text, expiresAt: new Date(token.expiresAt * 1000).toISOString() })
  })
}
