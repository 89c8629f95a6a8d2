import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'

it('standard input that nobody has written to yet is waited for', async () => {
  const code = `
    import { readInput } from ${JSON.stringify(new URL('./input.ts', import.meta.url).href)}
    process.stdin.pause() // a pipe that does not block, as it is behind npx
    const reading = readInput('-')
    process.stderr.write('reading')
    process.stdout.write(await reading)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code])
  child.stderr.once('data', () => child.stdin.end('a token'))
  const [said, faults] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.deepEqual([said, faults], ['a token', 'reading'])
})
