import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { loadSettings } from '../config.ts'
import { type Context, closeContext, openContext } from '../context.ts'
import { forEachDatabase } from '../testing/engines.ts'
import { bootstrap } from './bootstrap.ts'

forEachDatabase('two processes that set up one database at once', (newUrl) => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-bootstrap-'))
  const opened: Context[] = []
  after(async () => {
    await Promise.all(opened.map(closeContext))
    rmSync(folder, { recursive: true })
  })

  async function twoProcesses(name: string) {
    const given = await newUrl()
    const url = given === 'sqlite::memory:' ? `sqlite:${join(folder, `${name}.db`)}` : given
    const open = async (dataDir: string): Promise<Context> => {
      const flags = { dataDir, databaseUrl: url, passwordHash: 'bcrypt', bcryptRounds: '4' }
      const ctx = await openContext({ ...loadSettings({ flags }), rootKeyFile: `${dataDir}.key` })
      opened.push(ctx)
      return ctx
    }
    const [one, other] = [await open(join(folder, `${name}-one`)), await open(join(folder, `${name}-other`))]
    // What the second found missing at its start, the first has made before the second writes.
    let first: string | null = null
    const run: Context['kdf']['run'] = async (...job) => {
      first = (await bootstrap(one, { identityUrl: 'http://127.0.0.1:5000/v3' })).password
      return other.kdf.run(...job)
    }
    const second = (ctx: Context) =>
      bootstrap({ ...ctx, kdf: { ...ctx.kdf, run } }, { identityUrl: 'http://127.0.0.1:5000/v3' })
    return { one, other, second, first: () => first, open }
  }
  const hashes = async ({ store }: Context) =>
    (await store.db.selectFrom('password').select('hash').execute()).map(({ hash }) => hash)

  it('the second does not replace the password that the first has told', async () => {
    const { one, other, second, first, open } = await twoProcesses('shared')
    copyFileSync(one.settings.rootKeyFile, other.settings.rootKeyFile)
    assert.equal((await second(await open(other.settings.dataDir))).password, null)
    assert.equal(typeof first(), 'string')
    assert.equal((await hashes(one)).length, 1)
  })

  it('the second is refused when its root key is another one, then and at every start', async () => {
    const { one, other, second, open } = await twoProcesses('apart')
    await assert.rejects(second(other), /root key .*other\.key is not the one/)
    await assert.rejects(open(other.settings.dataDir), /root key .*other\.key is not the one/)
    await one.keys.tokens()
  })
})
