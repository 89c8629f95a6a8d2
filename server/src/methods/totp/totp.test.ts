import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptTotp, decodeBase32, passcodeOf, type TotpAttempt } from './totp.ts'

/** The key of RFC 6238 appendix B and RFC 4226 appendix D, and its base32. */
const RFC_KEY = Buffer.from('12345678901234567890')
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

const attempt = (passcode: string, now: number, rest: Partial<TotpAttempt> = {}) =>
  acceptTotp({ secret: RFC_SECRET, passcode, now, previousWindows: 1, lastUsedStep: null, ...rest })

test('RFC 6238 appendix B, SHA-1: the last six digits', () => {
  // The appendix has eight digits; six digits are their last six.
  const vectors: readonly (readonly [number, string])[] = [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ]
  for (const [seconds, eight] of vectors) {
    const step = Math.floor(seconds / 30)
    assert.equal(passcodeOf(RFC_KEY, step), eight.slice(2))
    assert.equal(attempt(eight.slice(2), seconds), step)
  }
})

test('RFC 4226 appendix D: the first ten counters', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'
  assert.equal(Array.from({ length: 10 }, (_, step) => passcodeOf(RFC_KEY, step)).join(' '), codes)
})

test('the current and the previous step are good, an older and a coming one are not', () => {
  const now = 1_000_000_015
  const step = Math.floor(now / 30)
  assert.equal(attempt(passcodeOf(RFC_KEY, step), now), step)
  assert.equal(attempt(passcodeOf(RFC_KEY, step - 1), now), step - 1)
  assert.equal(attempt(passcodeOf(RFC_KEY, step - 2), now), null)
  assert.equal(attempt(passcodeOf(RFC_KEY, step + 1), now), null)
  assert.equal(attempt(passcodeOf(RFC_KEY, step - 1), now, { previousWindows: 0 }), null)
  assert.equal(attempt(passcodeOf(RFC_KEY, step - 3), now, { previousWindows: 3 }), step - 3)
})

test('a step ends exactly after 30 seconds', () => {
  const passcode = passcodeOf(RFC_KEY, 100)
  const none = { previousWindows: 0 }
  assert.equal(attempt(passcode, 2999.999, none), null)
  assert.equal(attempt(passcode, 3000, none), 100)
  assert.equal(attempt(passcode, 3029.999, none), 100)
  assert.equal(attempt(passcode, 3030, none), null)
})

test('a passcode is good once, and so is none before it', () => {
  const now = 3015
  const current = passcodeOf(RFC_KEY, 100)
  const previous = passcodeOf(RFC_KEY, 99)
  assert.equal(attempt(previous, now), 99)
  assert.equal(attempt(previous, now, { lastUsedStep: 99 }), null)
  assert.equal(attempt(current, now, { lastUsedStep: 99 }), 100)
  assert.equal(attempt(current, now, { lastUsedStep: 100 }), null)
  assert.equal(attempt(previous, now, { lastUsedStep: 100 }), null)
  assert.equal(attempt(current, now, { lastUsedStep: 5_000_000 }), null)
})

test('anything but six digits is wrong', () => {
  const right = passcodeOf(RFC_KEY, 100)
  for (const passcode of [
    '',
    right.slice(1),
    `0${right}`,
    ` ${right}`,
    `${right}\n`,
    right.replace(/./, '٣'),
    'abcdef',
    '-12345',
  ])
    assert.equal(attempt(passcode, 3015), null, JSON.stringify(passcode))
})

test('the secret is base32 as Keystone reads it, of 128 bits at least', () => {
  const code = (secret: string) => attempt(passcodeOf(decodeBase32(secret) ?? RFC_KEY, 100), 3015, { secret })
  assert.equal(code('ABCDEFGHIJKLMNOPQRSTUVWXYY'), 100, '16 bytes without padding')
  assert.equal(code('ABCDEFGHIJKLMNOPQRSTUVWXYY======'), 100, '16 bytes with padding')
  assert.equal(code('ABCDEFGHIJKLMNOPQRSTUVWXYZ'), 100, 'bits after the last byte')
  for (const secret of [
    '',
    'ABCDEFGHIJKLMNOPQRSTUVWX',
    RFC_SECRET.toLowerCase(),
    RFC_SECRET.replace('G', '1'),
    `${RFC_SECRET} `,
    `{"secret": "${RFC_SECRET}"}`,
    'ABCDEFGHIJKLMNOPQRSTUVWXYY=',
    `${RFC_SECRET}A`,
  ])
    assert.equal(code(secret), null, JSON.stringify(secret))
})

test('RFC 4648 section 10: base32', () => {
  for (const [text, encoded] of [
    ['', ''],
    ['f', 'MY======'],
    ['fo', 'MZXQ===='],
    ['foo', 'MZXW6==='],
    ['foob', 'MZXW6YQ='],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI======'],
  ] as const) {
    assert.deepEqual(decodeBase32(encoded), new Uint8Array(Buffer.from(text)))
    assert.deepEqual(decodeBase32(encoded.replace(/=+$/, '')), new Uint8Array(Buffer.from(text)))
  }
})
