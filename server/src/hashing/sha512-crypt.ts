/**
 * SHA-crypt with SHA-512 (`$6$`), for hashes that Keystone wrote before Pike and still verifies. Only to verify: whoever
 * signs in with one has a new hash afterwards. By Ulrich Drepper's specification, "Unix crypt using SHA-256 and SHA-512",
 * which also gives the vectors.
 */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

/** Between them others get their turn on the event loop: about a millisecond. */
const ROUNDS_AT_A_TIME = 500
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `block` as often as it takes for `length` bytes. */
const filled = (block: Uint8Array, length: number): Buffer => Buffer.alloc(length, block)

/** The 86 characters after the last `$`. `salt`: its up to 16 bytes as written. */
export async function sha512Crypt(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<string> {
  const inner = sha512(password, salt, password)
  const start = createHash('sha512').update(password).update(salt).update(filled(inner, password.length))
  for (let bits = password.length; bits > 0; bits >>>= 1) start.update(bits & 1 ? inner : password)
  let digest: Buffer = start.digest()

  const ofPassword = createHash('sha512')
  for (let i = 0; i < password.length; i++) ofPassword.update(password)
  const p = filled(ofPassword.digest(), password.length)
  const s = filled(sha512(filled(salt, salt.length * (16 + (digest[0] ?? 0)))), salt.length)

  for (let round = 0; round < rounds; round++) {
    if (round % ROUNDS_AT_A_TIME === ROUNDS_AT_A_TIME - 1) await setImmediate()
    const isOdd = round % 2 === 1
    const parts: Uint8Array[] = [isOdd ? p : digest]
    if (round % 3 !== 0) parts.push(s)
    if (round % 7 !== 0) parts.push(p)
    parts.push(isOdd ? digest : p)
    digest = sha512(...parts)
  }
  return encoded(digest)
}

/** Three bytes at a time, 21 apart and turning, lowest six bits first. */
function encoded(digest: Uint8Array): string {
  const at = (index: number) => digest[index] ?? 0
  let text = ''
  const write = (value: number, characters: number) => {
    for (let left = value, i = 0; i < characters; i++, left >>>= 6) text += ALPHABET[left & 63] ?? ''
  }
  for (let i = 0; i < 21; i++) {
    const [a, b, c] = [at(i), at(i + 21), at(i + 42)]
    const turned = [
      [a, b, c],
      [b, c, a],
      [c, a, b],
    ][i % 3] as [number, number, number]
    write((turned[0] << 16) | (turned[1] << 8) | turned[2], 4)
  }
  write(at(63), 2)
  return text
}
