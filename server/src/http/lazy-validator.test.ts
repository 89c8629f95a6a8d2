import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { describe, it } from 'node:test'
import { Type } from 'typebox'

describe('the validator of bodies', () => {
  it('is loaded again where that failed once, as while no more files can be opened', async (t) => {
    let fails = true
    const hooks = registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'ajv' && fails)
          throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
        return next(specifier, context)
      },
    })
    t.after(() => hooks.deregister())
    const anew = './body-check.ts?anew'
    const { checkBody }: typeof import('./body-check.ts') = await import(anew)
    await assert.rejects(async () => checkBody(Type.Number(), 'x'), { code: 'EMFILE' })
    fails = false
    assert.equal((await checkBody(Type.Number(), 'x'))?.keyword, 'type')
  })
})
