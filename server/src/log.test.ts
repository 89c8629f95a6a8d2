import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openLog, redacted } from './log.ts'

const fernet = `gAAAAABrAr3aoQF71NaYT${'x'.repeat(150)}==`

describe('log', () => {
  const cases: readonly (readonly [what: string, text: string, shown: string])[] = [
    ['a Fernet token', `no such token ${fernet}, sorry`, 'no such token [token], sorry'],
    ['a JWS token', 'bad eyJhbGciOi.eyJzdWIi.c2ln', 'bad [token]'],
    ['a password in an address', 'connect postgres://th:hunter2@db/x', 'connect postgres://th:[secret]@db/x'],
    ['a password in JSON', '{"password": "hunter2", "name": "bob"}', '{"password": [secret], "name": "bob"}'],
    ['a secret in a form', 'client_id=a&secret=hunter2&x=1', 'client_id=a&secret=[secret]&x=1'],
  ]
  for (const [what, text, shown] of cases) {
    it(`does not show ${what}`, () => assert.equal(redacted(text), shown))
  }

  it('leaves what is no secret as it is', () => {
    const text = 'SQLITE_BUSY: database is locked (user 42) at http://127.0.0.1:5000/v3'
    assert.equal(redacted(text), text)
  })

  it('of a text beyond all measure looks at the beginning alone', () => {
    assert.equal(redacted(`${'eyJ'.repeat(100_000)} password=x`).length, 4000)
  })

  it('writes faults as JSON lines without secrets in message and stack', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-log-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const logFile = join(folder, 'sub', 'log')
    const log = openLog({ logLevel: 'info', logFile })
    log.error({ err: Object.assign(new Error(`token ${fernet}`), { code: 'E1' }), path: '/v3' }, 'fault')
    log.debug('not shown')
    const [line, rest] = readFileSync(logFile, 'utf8').split('\n')
    const entry = JSON.parse(line!)
    assert.equal(rest, '')
    assert.deepEqual(
      [entry.err.message, entry.err.code, entry.path, entry.msg],
      ['token [token]', 'E1', '/v3', 'fault'],
    )
    assert.match(entry.err.stack, /\n {4}at /)
    assert.equal(line!.includes('gAAAA'), false)
  })

  it('goes on in a new file once the old one is moved away, and in the old one where that cannot be', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-log-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = (name: string): string => join(folder, name)
    const messages = (name: string): string[] =>
      readFileSync(file(name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg)
    const log = openLog({ logLevel: 'info', logFile: file('log') })
    log.info('one')
    renameSync(file('log'), file('log.1'))
    log.info('two')
    log.reopen()
    log.info('three')
    assert.deepEqual(messages('log.1'), ['one', 'two'])
    assert.deepEqual(messages('log'), ['three'])
    renameSync(file('log'), file('log.2'))
    mkdirSync(file('log'))
    log.reopen()
    log.info('four')
    assert.deepEqual(messages('log.2'), ['three', 'log file not opened anew', 'four'])
  })

  it('ends nothing while it cannot be written', () => {
    const log = openLog({ logLevel: 'info', logFile: '/dev/full' })
    for (let i = 0; i < 3; i++) log.error({ err: new Error('database or disk is full') }, 'fault')
  })
})
