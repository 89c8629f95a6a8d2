/** OS-OAUTH1 consumers: programs that may ask users for access tokens. The secret is shown once. */
import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { newId } from '../../../store/ids.ts'
import {
  type Consumer,
  deleteConsumer,
  findConsumer,
  listConsumers,
  putConsumer,
} from '../../../store/oauth1.ts'
import type { Db } from '../../../store/store.ts'
import { attributesBeyond, demandSameId, NullableText } from '../attributes.ts'
import { collection, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'

const fields = { description: Type.Optional(NullableText) }
const CreateBody = Type.Object({ consumer: Type.Optional(Type.Object(fields)) })
const UpdateBody = Type.Object({
  consumer: Type.Object({ ...fields, secret: Type.Optional(Type.Never()) }, { minProperties: 1 }),
})
const KNOWN = ['id', 'description', 'secret', 'links']
const ALL = '/v3/OS-OAUTH1/consumers'
const ONE = `${ALL}/:consumer_id`

function body(incoming: Incoming, consumer: Consumer) {
  const { id, description, extra } = consumer
  return { ...extra, id, description, links: selfLink(incoming, `OS-OAUTH1/consumers/${id}`) }
}

async function consumerOf(db: Db, id: string): Promise<Consumer> {
  return (await findConsumer(db, id)) ?? refuse('not_found', 'no consumer', { message: 'Consumer not found' })
}

const create = operation({
  id: 'create_consumer',
  method: 'POST',
  path: ALL,
  policy: 'identity:create_consumer',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const sent = call.body.consumer ?? {}
    const secret = randomBytes(16).toString('hex')
    const id = newId()
    const consumer: Consumer = {
      id,
      sealedSecret: call.ctx.keys.seal(secret, `consumer:${id}`),
      description: sent.description ?? null,
      extra: attributesBeyond(sent, KNOWN),
    }
    await change(call, `consumer:${id}`, (tx) => putConsumer(tx, consumer))
    return { body: { consumer: { ...body(call, consumer), secret } } }
  },
})

const list = operation({
  id: 'list_consumers',
  method: 'GET',
  path: ALL,
  policy: 'identity:list_consumers',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const consumers = await listConsumers(call.ctx.store.db)
    return {
      body: collection(
        call,
        'consumers',
        consumers.map((consumer) => body(call, consumer)),
      ),
    }
  },
})

const show = operation({
  id: 'get_consumer',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_consumer',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => ({
    body: { consumer: body(call, await consumerOf(call.ctx.store.db, call.params['consumer_id'] ?? '')) },
  }),
})

const update = operation({
  id: 'update_consumer',
  method: 'PATCH',
  path: ONE,
  policy: 'identity:update_consumer',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['consumer_id'] ?? ''
    const sent = call.body.consumer
    demandSameId(sent, id)
    const consumer = await change(call, `consumer:${id}`, async (tx) => {
      const before = await consumerOf(tx, id)
      const after: Consumer = {
        ...before,
        description: sent.description === undefined ? before.description : sent.description,
        extra: { ...before.extra, ...attributesBeyond(sent, KNOWN) },
      }
      await putConsumer(tx, after)
      return after
    })
    return { body: { consumer: body(call, consumer) } }
  },
})

const remove = operation({
  id: 'delete_consumer',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_consumer',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['consumer_id'] ?? ''
    await change(call, `consumer:${id}`, async (tx) => {
      await consumerOf(tx, id)
      await deleteConsumer(tx, id)
    })
    return {}
  },
})

export const consumerOperations = [create, list, show, update, remove]
