/** Addresses and networks, IPv4 and IPv6, as numbers. IPv4-mapped IPv6 addresses are the IPv4 address they carry. */

export interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** Whether `address` is in `network` (`10.0.0.0/8`, `2001:db8::/32`, or a single address). False when either is no address. */
export function inNetwork(address: string, network: string): boolean {
  const wanted = parseNetwork(network)
  const given = parseAddress(address)
  if (!wanted || !given || wanted.bits !== given.bits) return false
  const shift = BigInt(wanted.bits - wanted.prefix)
  return wanted.value >> shift === given.value >> shift
}

export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined
}

function parseNetwork(text: string): (Address & { readonly prefix: number }) | undefined {
  const [base = '', length, ...rest] = text.split('/')
  const address = parseAddress(base)
  if (!address || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  // Of the IPv4 address that an IPv6 one carries.
  const skipped = address.bits === 32 && base.includes(':') ? 96 : 0
  const prefix = length === undefined ? address.bits : Number(length) - skipped
  return prefix >= 0 && prefix <= address.bits ? { ...address, prefix } : undefined
}

/** Whether `address` is in `range` (`10.0.0.1-10.0.0.9`), both ends included. False when anything is no address. */
export function inAddressRange(address: string, range: string): boolean {
  const [from, to, ...rest] = range.split('-').map(parseAddress)
  const given = parseAddress(address)
  if (!from || !to || !given || rest.length > 0 || from.bits !== given.bits || to.bits !== given.bits)
    return false
  return from.value <= given.value && given.value <= to.value
}

/** undefined for what is no address. */
export function parseAddress(text: string): Address | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return parseV4(text)
  const address = parseV6(text)
  return address && address.value >> 32n === MAPPED
    ? { bits: 32, value: address.value & 0xffff_ffffn }
    : address
}

/** What stands before the IPv4 address in an IPv6 one that carries it. */
const MAPPED = 0xffffn

function parseV4(text: string): Address | undefined {
  const parts = text.split('.').map(Number)
  if (parts.some((part) => part > 255)) return undefined
  return { bits: 32, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) }
}

function parseV6(written: string): Address | undefined {
  const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(written)
  const last = dotted?.[2] === undefined ? undefined : parseV4(dotted[2])
  const text = last
    ? `${dotted?.[1]}${(last.value >> 16n).toString(16)}:${(last.value & 0xffffn).toString(16)}`
    : written
  if (!/^[0-9a-fA-F:]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = groups
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return { bits: 128, value: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) }
}
