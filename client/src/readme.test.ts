import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PASSWORD, startKeystoneDouble } from '../test/keystone-double.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const examples = [...readme.matchAll(/## (\S+)\n\n```ts\n(.*?)```/gs)].map(([, name = '', code = '']) => ({
  name,
  code,
}))

describe('the examples of the README', () => {
  let folder = ''

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'readme-'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        include: ['*.ts'],
        compilerOptions: { typeRoots: ['node_modules/@types'] },
      }),
    )
    examples.forEach(({ code }, n) => {
      writeFileSync(join(folder, `example-${n}.ts`), code)
    })
  })
  after(() => rmSync(folder, { recursive: true }))

  it('are one each for Fastify, Express and node:http', () => {
    assert.deepEqual(
      examples.map(({ name }) => name),
      ['Fastify', 'Express', 'node:http'],
    )
  })

  it('compile', () => {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      stdio: 'inherit',
    })
  })

  for (const [n, { name }] of examples.entries()) {
    it(`${name} runs: 200 for a good token, 401 for none`, async (t) => {
      const keystone = await startKeystoneDouble()
      t.after(() => keystone.close())
      keystone.put('good')
      const child = spawn(process.execPath, ['-C', 'development', join(folder, `example-${n}.ts`)], {
        env: { ...process.env, OS_AUTH_URL: keystone.url, OS_PASSWORD: PASSWORD, PORT: '0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(() => child.kill())
      let printed = ''
      for await (const chunk of child.stdout) {
        printed += chunk
        if (/port: \d+|:\d+\n/.test(printed)) break
      }
      const port = /port: (\d+)|:(\d+)\n/.exec(printed)?.slice(1).find(Boolean)
      const url = `http://localhost:${port}/hello`
      assert.equal((await fetch(url)).status, 401)
      const response = await fetch(url, { headers: { 'X-Auth-Token': 'good' } })
      assert.equal(response.status, 200)
      assert.deepEqual(await response.json(), { hello: 'ann' })
    })
  }
})
