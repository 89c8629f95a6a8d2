import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  burnPassword,
  hashPassword,
  needsRehash,
  type PasswordSettings,
  readPassword,
  verifyPassword,
} from './hash.ts'
import { createKdfPool, type KdfRunner } from './kdf-pool.ts'
import { readStoredHash } from './stored-formats.ts'

interface Known {
  readonly madeBy: string
  readonly password: string
  readonly stored: string
  readonly mismatch: string
}

const known: readonly Known[] = JSON.parse(
  readFileSync(new URL('vectors/known-hashes.json', import.meta.url), 'utf8'),
)
const argon2id: PasswordSettings = { passwordHash: 'argon2id', bcryptRounds: 12 }
const bcrypt: PasswordSettings = { passwordHash: 'bcrypt', bcryptRounds: 4 }

const freshPool = () => createKdfPool({ threads: 2, queue: 100 })

/** A pool that must not be asked. */
const noPool: KdfRunner = {
  run: () => assert.fail('a hash was computed'),
  demandPlace: () => assert.fail('a hash was about to be computed'),
}

const made = (password: string, settings: PasswordSettings) => hashPassword(freshPool(), password, settings)
const verified = (stored: string, password: string) => verifyPassword(freshPool(), stored, password, bcrypt)

test('hashes made by Keystone and passlib verify, and another password does not', async () => {
  for (const { madeBy, password, stored, mismatch } of known) {
    assert.equal(await verified(stored, password), true, madeBy)
    assert.equal(await verified(stored, mismatch), false, madeBy)
  }
})

test('an imported bcrypt hash looks at the first 72 bytes, as the Keystone that wrote it', async () => {
  const row = known.find(
    ({ madeBy, password }) => madeBy.startsWith('keystone bcrypt') && password.length === 300,
  )
  assert.ok(row)
  assert.equal(await verified(row.stored, 'z'.repeat(72)), true)
  assert.equal(await verified(row.stored, `${'z'.repeat(72)}other`), true)
  assert.equal(await verified(row.stored, 'z'.repeat(71)), false)
})

for (const settings of [argon2id, bcrypt]) {
  test(`${settings.passwordHash}: what is hashed verifies, in the form the settings name`, async () => {
    const stored = await made('pässwörd 密码 🔑', settings)
    assert.match(
      stored,
      settings === argon2id
        ? /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/
        : /^\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}$/,
    )
    assert.equal(await verified(stored, 'pässwörd 密码 🔑'), true)
    assert.equal(await verified(stored, 'pässwörd 密码'), false)
    assert.notEqual(stored, await made('pässwörd 密码 🔑', settings), 'salted')
  })

  test(`${settings.passwordHash}: two passwords with the same first 72 bytes differ`, async () => {
    const stored = await made(`${'x'.repeat(72)}1`, settings)
    assert.equal(await verified(stored, `${'x'.repeat(72)}2`), false)
    assert.equal(await verified(stored, 'x'.repeat(72)), false)
    assert.equal(await verified(stored, `${'x'.repeat(72)}1`), true)
  })
}

test('CVE-2012-1572: a password of one megabyte is refused before any hash is computed', async () => {
  const huge = 'x'.repeat(1_000_000)
  await assert.rejects(hashPassword(noPool, huge, argon2id), { code: 'bad_request' })
  assert.equal(await verifyPassword(noPool, known[0]!.stored, huge, argon2id), false)
  assert.equal(await verifyPassword(noPool, null, huge, argon2id), false)
  assert.equal(readPassword(huge, argon2id), 'too_long')
})

test('the length limit counts bytes of UTF-8 and can be configured', async () => {
  const limited = { ...bcrypt, maxPasswordLength: 6 }
  assert.equal(readPassword('ééé!', limited), 'too_long')
  await assert.rejects(hashPassword(noPool, 'ééé!', limited), { code: 'bad_request' })
  assert.equal(await verified(await made('ééé', limited), 'ééé'), true)
  assert.equal(readPassword('x'.repeat(4096), bcrypt) instanceof Uint8Array, true)
  assert.equal(readPassword('x'.repeat(4097), bcrypt), 'too_long')
})

test('CVE-2013-2157: an empty password, NUL and broken Unicode are refused, spaces are not', async () => {
  for (const [password, fault] of [
    ['', 'empty'],
    ['\0', 'nul'],
    ['pass\0word', 'nul'],
    ['pass\ud800', 'ill_formed'],
  ] as const) {
    assert.equal(readPassword(password, bcrypt), fault)
    await assert.rejects(hashPassword(noPool, password, bcrypt), { code: 'bad_request' })
    assert.equal(await verifyPassword(noPool, known[0]!.stored, password, bcrypt), false)
  }
  assert.equal(await verified(await made('   ', bcrypt), '   '), true)
})

test('an unknown user, a user without a password and an unreadable hash cost as many hashes as a wrong password', async () => {
  const pool = freshPool()
  const hashes = async (ask: () => Promise<unknown>) => {
    const before = pool.stats().completed
    assert.ok(!(await ask()))
    return pool.stats().completed - before
  }
  const stored = await made('secret', bcrypt)
  assert.equal(await hashes(() => verifyPassword(pool, stored, 'wrong', bcrypt)), 1)
  assert.equal(await hashes(() => verifyPassword(pool, null, 'wrong', bcrypt)), 1)
  assert.equal(await hashes(() => verifyPassword(pool, '!locked', 'wrong', bcrypt)), 1)
  assert.equal(await hashes(() => burnPassword(pool, bcrypt)), 1)
  assert.equal(await hashes(() => burnPassword(pool, argon2id)), 1)
})

test('malformed hashes and hashes that ask for hours or gigabytes are not read', () => {
  const digest = 'A'.repeat(43)
  for (const stored of [
    '',
    'secret',
    '$',
    '$6$rounds=5000$salt$digest',
    `$6$rounds=656000$salt$${'A'.repeat(86)}`,
    `$6$rounds=999$salt$${'A'.repeat(86)}`,
    `$6$longer than sixteen$${'A'.repeat(86)}`,
    `$5$rounds=5000$salt$${'A'.repeat(86)}`,
    '$2b$12$short',
    '$2x$05$NvKuPxnkNdt522V8KO/nDeq0dtrsAO38qbB.3rayKusytQhXS0sLq',
    '$2b$17$NvKuPxnkNdt522V8KO/nDeq0dtrsAO38qbB.3rayKusytQhXS0sLq',
    '$2b$+4$NvKuPxnkNdt522V8KO/nDeq0dtrsAO38qbB.3rayKusytQhXS0sLq',
    '$bcrypt-sha256$v=2,t=2b,r=31$nD9XMR5coMelIjXSDaH5zO$kHz90ed0t5CSWJvkmNg9TX6K2FGJhRu',
    '$bcrypt-sha256$v=1,t=2b,r=4$nD9XMR5coMelIjXSDaH5zO$kHz90ed0t5CSWJvkmNg9TX6K2FGJhRu',
    `$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$${digest}`,
    `$argon2id$v=19$m=64,t=999,p=1$c29tZXNhbHQ$${digest}`,
    `$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$${digest}`,
    `$scrypt$ln=25,r=8,p=1$c29tZXNhbHQ$${digest}`,
    `$scrypt$ln=0,r=8,p=1$c29tZXNhbHQ$${digest}`,
    `$scrypt$ln=4,r=8,p=99$c29tZXNhbHQ$${digest}`,
    `$scrypt$ln=4,r=8,p=1$c$${digest}`,
    `$pbkdf2-sha512$9999999$c29tZXNhbHQ$${'A'.repeat(86)}`,
    `$pbkdf2-sha512$1$c29tZXNhbHQ$${'A'.repeat(85)}B`,
    `$__proto__$${digest}`,
    `$constructor$${digest}`,
  ])
    assert.equal(readStoredHash(stored), null, stored)
})

test('a hash of another form or other parameters is due for a rehash', async () => {
  for (const { madeBy, stored } of known) {
    assert.equal(needsRehash(stored, argon2id), true, madeBy)
    assert.equal(
      needsRehash(stored, bcrypt),
      !madeBy.startsWith('passlib bcrypt_sha256 v2, rounds 4'),
      madeBy,
    )
  }
  assert.equal(needsRehash(await made('secret', argon2id), argon2id), false)
  assert.equal(needsRehash(await made('secret', bcrypt), bcrypt), false)
  assert.equal(needsRehash(await made('secret', bcrypt), { ...bcrypt, bcryptRounds: 5 }), true)
  assert.equal(needsRehash(await made('secret', bcrypt), argon2id), true)
})

test('bcrypt rounds outside 4 to 16 are an error of configuration', async () => {
  for (const bcryptRounds of [3, 17, 12.5]) {
    const settings = { ...bcrypt, bcryptRounds }
    await assert.rejects(hashPassword(noPool, 'secret', settings), RangeError)
    await assert.rejects(burnPassword(noPool, settings), RangeError)
  }
})

test('a full pool refuses with busy, with seconds to wait', async () => {
  const pool = createKdfPool({ threads: 1, queue: 0 })
  const first = verifyPassword(pool, known[0]!.stored, 'wrong', bcrypt)
  for (const ask of [
    () => verifyPassword(pool, known[0]!.stored, 'wrong', bcrypt),
    () => verifyPassword(pool, 'unreadable', 'wrong', bcrypt),
    () => hashPassword(pool, 'secret', bcrypt),
    () => burnPassword(pool, bcrypt),
  ])
    await assert.rejects(ask, { code: 'busy', detail: { retryAfter: 1 } })
  assert.equal(await first, false)
})

test('the event loop turns while hashes are computed', async () => {
  for (const settings of [argon2id, { ...bcrypt, bcryptRounds: 10 }]) {
    let computing = true
    let turns = 0
    const turn = (): void => {
      turns += 1
      if (computing) setImmediate(turn)
    }
    setImmediate(turn)
    const pool = freshPool()
    await Promise.all([
      burnPassword(pool, settings),
      burnPassword(pool, settings),
      hashPassword(pool, 'secret', settings),
    ])
    computing = false
    assert.ok(turns > 20, `${settings.passwordHash}: ${turns} turns`)
  }
})
