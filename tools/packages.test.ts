import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { nativePackages } from './native-packages.ts'
import { cleanEnvironment, root } from './step.ts'

describe('the published packages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-packages-'))
  const modules = join(folder, 'node_modules')

  before(() => {
    execFileSync(process.execPath, ['-C', 'development', join(root, 'tools', 'packages.ts')], {
      stdio: 'inherit',
    })
    mkdirSync(join(modules, '@node-rs'), { recursive: true })
    for (const name of ['tokens', 'client'])
      cpSync(join(root, 'out', name), join(modules, '@tokenhouse', name), { recursive: true })
    cpSync(join(root, 'out', 'tokenhouse'), join(modules, 'tokenhouse'), { recursive: true })
    for (const name of nativePackages) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  })
  after(() => rmSync(folder, { recursive: true }))

  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, args, { cwd: folder, env: cleanEnvironment, encoding: 'utf8' })

  for (const conditions of [[], ['-C', 'development']]) {
    it(`are imported by a stranger ${conditions.join(' ')}`.trimEnd(), () => {
      const program = join(folder, 'stranger.mjs')
      writeFileSync(
        program,
        `import { createGuard } from '@tokenhouse/client'
         import { decodeFernet } from '@tokenhouse/tokens'
         console.log(typeof createGuard, typeof decodeFernet)`,
      )
      const { stdout, stderr } = run([...conditions, program])
      assert.equal(stdout, 'function function\n', stderr)
    })
  }

  it('say what the server needs on a Node that is too old, and exit 1', () => {
    const old = join(folder, 'old.mjs')
    writeFileSync(old, `Object.defineProperty(process.versions, 'node', { value: '22.1.0' })`)
    const { status, stderr } = run([
      '--import',
      old,
      join(modules, 'tokenhouse', 'bin', 'tokenhouse.mjs'),
      'version',
    ])
    assert.equal(status, 1)
    assert.match(stderr, /^tokenhouse needs Node 24 or newer; this is Node 22\.1\.0 [^\n]*\n$/)
  })

  it('run the server without the packages that are bundled', () => {
    const { stdout, stderr } = run([
      join(modules, 'tokenhouse', 'bin', 'tokenhouse.mjs'),
      'bootstrap',
      '--data-dir',
      'var',
    ])
    assert.match(stdout, /^passwordSet {2}true$/m, stderr)
  })

  it('carry their licence, and the server those of what is in its bundle', () => {
    for (const name of ['@tokenhouse/tokens', '@tokenhouse/client', 'tokenhouse']) {
      assert.ok(existsSync(join(modules, name, 'LICENSE')), name)
    }
    const notices = readFileSync(join(modules, 'tokenhouse', 'dist', 'NOTICES'), 'utf8')
    for (const name of ['fastify', 'kysely', 'commander', 'pg'])
      assert.match(notices, new RegExp(`^${name} \\d`, 'm'))
  })
})
