import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
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
