/** The guard as a Fastify plugin. Fastify itself is not a dependency: its shape is. */
import type { Guard, GuardedRequest } from './guard.ts'
import type { IdentifiedRequest } from './identity-of.ts'

interface FastifyRequestLike extends IdentifiedRequest {
  readonly raw: GuardedRequest
}

interface FastifyReplyLike {
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body: Uint8Array): unknown
}

interface FastifyLike {
  decorateRequest(name: string): unknown
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>,
  ): unknown
}

/**
 * `await app.register(fastifyGuard(guard))` guards every route of `app`, unknown ones included, and sets
 * `request.identity` (read it with `identityOf`).
 */
export function fastifyGuard(guard: Guard): (app: FastifyLike) => Promise<void> {
  async function plugin(app: FastifyLike): Promise<void> {
    app.decorateRequest('identity')
    app.decorateRequest('serviceIdentity')
    app.addHook('onRequest', async (request, reply) => {
      const outcome = await guard.check(request.raw)
      if (outcome.outcome === 'accepted') {
        request.identity = outcome.identity
        request.serviceIdentity = outcome.serviceIdentity
      } else if (outcome.outcome !== 'public') {
        const answer = guard.answer(outcome)
        reply.code(answer.status)
        reply.headers(answer.headers)
        // As bytes: to text Fastify would add a charset.
        reply.send(Buffer.from(answer.body))
        return reply
      }
      return undefined
    })
  }
  // Fastify's own mark for a plugin that acts on the app it is registered in, not on a child of it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}
