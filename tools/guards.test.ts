import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { it } from 'node:test'
import { guards } from './guards.ts'
import { root } from './step.ts'

it('every guard that can be taken out is where the table says, once, with tests that exist', () => {
  for (const { file, code, tests } of guards) {
    assert.equal(readFileSync(join(root, file), 'utf8').split(code).length, 2, `${file}: ${code}`)
    assert.ok(existsSync(join(root, tests)), tests)
  }
})

it('what is left without a guard is a program: one that does not load fails every test, and proves nothing', () => {
  for (const { file, code, without } of guards) {
    const whole = readFileSync(join(root, file), 'utf8')
    const left = whole.replace(code, () => without)
    assert.doesNotThrow(() => stripTypeScriptTypes(left), `${file}: ${code}`)
  }
})
