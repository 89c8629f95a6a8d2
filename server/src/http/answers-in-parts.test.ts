import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildFace } from './face.ts'
import type { Operation } from './operation.ts'
import type { Rendered, Wire } from './wire.ts'

const no = (): Rendered => ({ status: 500, headers: {}, body: 'no' })

/** A face whose one operation answers with `parts`, and what it was told of faults. */
function faceOf(parts: () => AsyncIterable<string>) {
  const operation: Operation<null, null> = {
    id: 'list',
    method: 'GET',
    path: '/list',
    policy: 'public',
    success: 200,
    refusals: [],
    handle: async () => ({ body: parts() }),
  }
  const wire: Wire<null, null> = {
    name: 'test',
    operations: [operation],
    identify: async () => null,
    permits: () => false,
    headers: () => ({ 'x-own': 'yes' }),
    refusal: no,
    badBody: no,
    unreadableBody: no,
    unknownPath: no,
    wrongMethod: no,
  }
  const faults: unknown[] = []
  const face = buildFace({
    ctx: null,
    wires: [wire],
    maxBodyBytes: 1000,
    onFault: (error) => faults.push(error),
  })
  return { face, faults }
}

describe('an answer in parts', () => {
  it('is all of them, without a length', async () => {
    const { face } = faceOf(async function* () {
      yield '{"a":'
      yield '"ü"}'
    })
    const answer = await face.inject('/list')
    assert.deepEqual([answer.statusCode, answer.json()], [200, { a: 'ü' }])
    assert.equal(answer.headers['content-length'], undefined)
    assert.deepEqual([answer.headers['content-type'], answer.headers['x-own']], ['application/json', 'yes'])
  })

  it('has no part for HEAD', async () => {
    let asked = false
    const { face } = faceOf(async function* () {
      asked = true
      yield 'x'
    })
    const answer = await face.inject({ method: 'HEAD', url: '/list' })
    assert.deepEqual([answer.statusCode, answer.body, asked], [200, '', false])
  })

  it('breaks off where a part fails, and the fault is told', async () => {
    const { face, faults } = faceOf(async function* () {
      yield 'x'
      throw new Error('the database is gone')
    })
    const url = await face.listen({ host: '127.0.0.1', port: 0 })
    await assert.rejects(async () => (await fetch(`${url}/list`)).text())
    assert.match(String(faults[0]), /the database is gone/)
    await face.close()
  })
})
