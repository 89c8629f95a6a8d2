import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Type } from 'typebox'
import { checkBody } from './body-check.ts'

const Lists = Type.Array(Type.Unknown(), { uniqueItems: true })

/** `count` lists that differ, and how often one of their members was read. */
function lists(count: number): { readonly items: readonly unknown[]; readonly reads: () => number } {
  let reads = 0
  const items = Array.from(
    { length: count },
    (_, i) =>
      new Proxy([`method ${i}`], {
        get: (target, key, receiver) => {
          if (key === '0') reads += 1
          return Reflect.get(target, key, receiver)
        },
      }),
  )
  return { items, reads: () => reads }
}

describe('items of a body that must differ', () => {
  it('twice as many lists are twice the work', async () => {
    const few = lists(200)
    const many = lists(400)
    assert.equal(await checkBody(Lists, few.items), undefined)
    assert.equal(await checkBody(Lists, many.items), undefined)
    assert.equal(many.reads(), 2 * few.reads())
  })

  it('two that are equal are a fault, as the places of both', async () => {
    const fault = await checkBody(Lists, [['a', 'b'], ['b'], ['a', 'b']])
    assert.equal(fault?.keyword, 'uniqueItems')
    assert.equal(fault.message, 'must NOT have duplicate items (items ## 0 and 2 are identical)')
    assert.equal((await checkBody(Lists, ['a', 'a']))?.keyword, 'uniqueItems')
    assert.equal(
      (
        await checkBody(Lists, [
          { a: 1, b: [null] },
          { b: [null], a: 1 },
        ])
      )?.keyword,
      'uniqueItems',
    )
  })

  it('what only looks alike differs', async () => {
    assert.equal(
      await checkBody(Lists, ['1', 1, null, 'null', ['a', 'b'], ['b', 'a'], ['a,b'], {}, []]),
      undefined,
    )
  })

  it('a schema may say that they need not', async () => {
    assert.equal(await checkBody(Type.Array(Type.Unknown(), { uniqueItems: false }), ['a', 'a']), undefined)
  })
})
