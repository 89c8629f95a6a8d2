import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'

const here = import.meta.dirname

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-launcher-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** One file as a gzipped tar: a 512-byte header (name at 0, octal size at 124), the data, zeros up to 512. */
function tarball(name: string, content: string): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write(content.length.toString(8).padStart(11, '0'), 124)
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512)
  data.write(content)
  return gzipSync(Buffer.concat([header, data, Buffer.alloc(1024)]))
}

/** An `npm` on PATH whose `npm pack SPEC --pack-destination FOLDER` gives the bytes of `registry`. */
function fakeNpm(folder: string, bytes: Buffer): NodeJS.ProcessEnv {
  const bin = join(folder, 'path')
  mkdirSync(bin)
  writeFileSync(join(folder, 'registry'), bytes)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\ncp '${join(folder, 'registry')}' "$4/package.tgz"\n`)
  chmodSync(join(bin, 'npm'), 0o755)
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` }
}

/** Runs a module's text beside the launcher's files; gives its exit code and what it said. */
async function runModule(code: string, env: NodeJS.ProcessEnv): Promise<{ exit: number; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: here,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return { stderr: await text(child), exit: child.exitCode ?? (await once(child, 'exit'))[0] }
}

async function text(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = []
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  return Buffer.concat(chunks).toString()
}

function bring(pinned: Buffer, node: string): string {
  const integrity = `sha512-${createHash('sha512').update(pinned).digest('base64')}`
  const pin = { package: 'node-test', version: '24.0.0', file: 'package/bin/node', integrity }
  return `import { bringNode } from './node-runtime.mjs'; bringNode(${JSON.stringify(pin)}, ${JSON.stringify(node)})`
}

describe('bringNode', () => {
  it('puts the pinned executable in place and says so', async (t) => {
    const folder = temporaryFolder(t)
    const bytes = tarball('package/bin/node', '#!/bin/sh\necho it runs\n')
    const node = join(folder, '.node', 'node-test-24.0.0', 'node')
    const { exit, stderr } = await runModule(bring(bytes, node), fakeNpm(folder, bytes))
    assert.equal(exit, 0, stderr)
    assert.match(stderr, /bringing node-test@24\.0\.0 from the npm registry into \.node\//)
    assert.equal(readFileSync(node, 'utf8'), '#!/bin/sh\necho it runs\n')
    assert.deepEqual(readdirSync(join(folder, '.node')), ['node-test-24.0.0'])
  })

  it('refuses a package with other bytes than the pinned ones and leaves nothing', async (t) => {
    const folder = temporaryFolder(t)
    const node = join(folder, '.node', 'node-test-24.0.0', 'node')
    const env = fakeNpm(folder, tarball('package/bin/node', 'evil'))
    const { exit, stderr } = await runModule(bring(tarball('package/bin/node', 'good'), node), env)
    assert.equal(exit, 1)
    assert.match(stderr, /is not the pinned package and was thrown away/)
    assert.deepEqual(readdirSync(join(folder, '.node')), [])
  })

  it('ends with one whole file when two launchers bring it at once', async (t) => {
    const folder = temporaryFolder(t)
    const bytes = tarball('package/bin/node', 'x'.repeat(100_000))
    const node = join(folder, '.node', 'node-test-24.0.0', 'node')
    const env = fakeNpm(folder, bytes)
    const runs = await Promise.all([1, 2, 3].map(() => runModule(bring(bytes, node), env)))
    assert.deepEqual(
      runs.map(({ exit }) => exit),
      [0, 0, 0],
    )
    assert.equal(readFileSync(node, 'utf8').length, 100_000)
    assert.deepEqual(readdirSync(join(folder, '.node')), ['node-test-24.0.0'])
  })
})

describe('withLock', () => {
  const appendTwice = (lock: string, log: string) => `
    import { appendFileSync } from 'node:fs'
    import { withLock } from './dependencies.mjs'
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ')
      await new Promise((resolve) => setTimeout(resolve, 50))
      appendFileSync(${JSON.stringify(log)}, 'out ')
    })`

  it('lets one launcher install at a time', async (t) => {
    const folder = temporaryFolder(t)
    const log = join(folder, 'log')
    const code = appendTwice(join(folder, 'lock'), log)
    await Promise.all([1, 2, 3].map(() => runModule(code, process.env)))
    assert.equal(readFileSync(log, 'utf8'), 'in out in out in out ')
    assert.equal(existsSync(join(folder, 'lock')), false)
  })

  it('takes over the lock of a launcher that died', async (t) => {
    const folder = temporaryFolder(t)
    const lock = join(folder, 'lock')
    const dead = spawn(process.execPath, ['-e', ''])
    await once(dead, 'exit')
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), String(dead.pid))
    const { exit } = await runModule(appendTwice(lock, join(folder, 'log')), process.env)
    assert.equal(exit, 0)
    assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'in out ')
  })
})

describe('installDependencies', () => {
  const npmThat = (folder: string, script: string): NodeJS.ProcessEnv => {
    mkdirSync(join(folder, 'path'))
    writeFileSync(join(folder, 'path', 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return { ...process.env, PATH: `${join(folder, 'path')}${delimiter}${process.env['PATH']}` }
  }
  const install = (root: string) => `
    import { installDependencies } from './dependencies.mjs'
    await installDependencies(${JSON.stringify(root)})`

  it('runs npm ci without install scripts, and not again', async (t) => {
    const root = temporaryFolder(t)
    writeFileSync(join(root, 'package-lock.json'), '{}')
    const env = npmThat(
      root,
      `echo "$@" >> log; mkdir -p node_modules; touch node_modules/.package-lock.json`,
    )
    assert.equal((await runModule(install(root), env)).exit, 0)
    assert.equal((await runModule(install(root), env)).exit, 0)
    assert.match(readFileSync(join(root, 'log'), 'utf8'), /^ci --ignore-scripts [^\n]*\n$/)
  })

  it('says that npm failed, and frees the lock', async (t) => {
    const root = temporaryFolder(t)
    writeFileSync(join(root, 'package-lock.json'), '{}')
    const { exit, stderr } = await runModule(install(root), npmThat(root, 'exit 3'))
    assert.equal(exit, 1)
    assert.match(stderr, /npm ci failed: exit 3/)
    assert.equal(existsSync(join(root, '.node', 'install.lock')), false)
  })

  it('stops npm when it is stopped', async (t) => {
    const root = temporaryFolder(t)
    writeFileSync(join(root, 'package-lock.json'), '{}')
    const env = npmThat(root, 'echo $$ > pid.part; mv pid.part pid; exec sleep 600')
    const child = spawn(process.execPath, ['--input-type=module', '-e', install(root)], {
      cwd: here,
      env,
      stdio: 'ignore',
    })
    while (!existsSync(join(root, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
    assert.throws(() => process.kill(Number(readFileSync(join(root, 'pid'), 'utf8')), 0), { code: 'ESRCH' })
  })
})

describe('linkPostgresLibraries', () => {
  const link = async (t: TestContext, target: string) => {
    const scope = temporaryFolder(t)
    const native = join(scope, 'linux-x64', 'native')
    mkdirSync(join(native, 'lib'), { recursive: true })
    writeFileSync(join(native, 'lib', 'libx.so.1.2'), 'library')
    writeFileSync(
      join(native, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libx.so.1.2', target }]),
    )
    const code = `import { linkPostgresLibraries } from './dependencies.mjs'; linkPostgresLibraries(${JSON.stringify(scope)})`
    return { native, ...(await runModule(code, process.env)) }
  }

  it('makes the links that the package lists', async (t) => {
    const { native, exit } = await link(t, 'native/lib/libx.so')
    assert.equal(exit, 0)
    assert.equal(readFileSync(join(native, 'lib', 'libx.so'), 'utf8'), 'library')
  })

  for (const target of ['native/../../../evil', '/tmp/evil', '../evil']) {
    it(`refuses a link at ${target}`, async (t) => {
      const { exit, stderr } = await link(t, target)
      assert.equal(exit, 1)
      assert.match(stderr, /names a file outside its package/)
    })
  }
})

describe('runProgram', () => {
  const launch = (program: string) => {
    const code = `import { runProgram } from './run-program.mjs'; await runProgram(process.execPath, ['-e', ${JSON.stringify(program)}])`
    return spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: here,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  it('exits with the code of the program', async () => {
    assert.deepEqual(await once(launch('process.exit(7)'), 'exit'), [7, null])
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`hands ${signal} to the program, which may end cleanly`, async () => {
      const child = launch(
        `process.on('${signal}', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up')`,
      )
      await once(child.stdout, 'data')
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [0, null])
    })
  }

  it('ends by the signal that ended the program', async () => {
    assert.deepEqual(await once(launch(`process.kill(process.pid, 'SIGKILL')`), 'exit'), [null, 'SIGKILL'])
  })

  it('stops the program when the shell that npm started it in is killed', async (t) => {
    const log = join(temporaryFolder(t), 'log')
    const program = `
      const { appendFileSync } = require('node:fs')
      process.on('SIGTERM', () => { appendFileSync(${JSON.stringify(log)}, 'stopped'); process.exit(0) })
      setInterval(() => {}, 1000)
      console.log('up')`
    const code = `import { runProgram } from './run-program.mjs'; await runProgram(process.execPath, ['-e', ${JSON.stringify(program)}])`
    const shell = spawn('/bin/sh', ['-c', '"$NODE" --input-type=module -e "$CODE"; true'], {
      cwd: here,
      env: { ...process.env, npm_lifecycle_event: 'npx', NODE: process.execPath, CODE: code },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(shell.stdout, 'data')
    shell.kill('SIGKILL')
    await once(shell, 'close') // the program holds the other end of stdout until it is gone
    assert.equal(readFileSync(log, 'utf8'), 'stopped')
  })
})
