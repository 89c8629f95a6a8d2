/** Addresses that an account's people may come from, as they are sent and shown: of its API, and of consoles. */
import { type Static, Type } from 'typebox'
import type { AddressList } from '../../../core/account-security.ts'
import { type Address, parseAddress } from '../../../core/policy/statements/ip.ts'
import { refuse } from '../../../core/refusal.ts'

const Description = Type.Optional(Type.String({ maxLength: 255 }))
const Netmasks = Type.Optional(
  Type.Array(Type.Object({ address_netmask: Type.String(), description: Description }), { maxItems: 200 }),
)
const Ranges = Type.Optional(
  Type.Array(Type.Object({ ip_range: Type.String(), description: Description }), { maxItems: 200 }),
)

export const ApiAddressBody = Type.Object({
  allow_address_netmasks: Netmasks,
  allow_ip_ranges: Ranges,
  // Requests do not come from endpoints of a virtual network here.
  allow_vpc_endpoints: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 0 })),
})

export const ConsoleAddressBody = Type.Object({
  allow_address_netmasks: Netmasks,
  allow_ip_ranges: Ranges,
  allow_address_netmasks_ipv6: Netmasks,
  allow_ip_ranges_ipv6: Ranges,
})

export const ANYWHERE: AddressList = {
  allow_address_netmasks: [],
  allow_ip_ranges: [{ ip_range: '0.0.0.0-255.255.255.255', description: '' }],
}

const all = (group: string): string => Array<string>(8).fill(group).join(':')

export const ANYWHERE_BY_CONSOLE: AddressList = {
  ...ANYWHERE,
  allow_address_netmasks_ipv6: [],
  allow_ip_ranges_ipv6: [{ ip_range: `${all('0000')}-${all('FFFF')}`, description: '' }],
}

function wrong(field: string, value: string): never {
  return refuse('bad_request', field, {
    wireCode: 'IAM.0073',
    message: `Invalid input for field '${field}'. The value is '${value}'.`,
  })
}

/** `10.0.0.0/8`, or an address alone. */
function isNetmask(text: string, bits: Address['bits']): boolean {
  const [base = '', length, ...rest] = text.split('/')
  if (parseAddress(base)?.bits !== bits || rest.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits)
}

/** `10.0.0.1-10.0.0.9`. */
function isRange(text: string, bits: Address['bits']): boolean {
  const [from, to, ...rest] = text.split('-').map(parseAddress)
  return from?.bits === bits && to?.bits === bits && rest.length === 0 && from.value <= to.value
}

const described = <Item extends object>(items: readonly Item[]) =>
  items.map((item) => ({ description: '', ...item }))

/** Refuses what is no network and no range of its kind, and a list that nobody at all is on. */
export function consoleAddressesFrom(sent: Static<typeof ConsoleAddressBody>): Required<AddressList> {
  const {
    allow_address_netmasks: masks = [],
    allow_ip_ranges: ranges = [],
    allow_address_netmasks_ipv6: masks6 = [],
    allow_ip_ranges_ipv6: ranges6 = [],
  } = sent
  for (const { address_netmask: mask } of masks) if (!isNetmask(mask, 32)) wrong('address_netmask', mask)
  for (const { address_netmask: mask } of masks6) if (!isNetmask(mask, 128)) wrong('address_netmask', mask)
  for (const { ip_range: range } of ranges) if (!isRange(range, 32)) wrong('ip_range', range)
  for (const { ip_range: range } of ranges6) if (!isRange(range, 128)) wrong('ip_range', range)
  if (masks.length + ranges.length + masks6.length + ranges6.length === 0) wrong('allow_ip_ranges', '[]')
  return {
    allow_address_netmasks: described(masks),
    allow_ip_ranges: described(ranges),
    allow_address_netmasks_ipv6: described(masks6),
    allow_ip_ranges_ipv6: described(ranges6),
  }
}

/** Of the API: IPv4 only, as Huawei Cloud has it. */
export function apiAddressesFrom(sent: Static<typeof ApiAddressBody>): AddressList {
  const { allow_address_netmasks, allow_ip_ranges } = consoleAddressesFrom(
    sent as Static<typeof ConsoleAddressBody>,
  )
  return { allow_address_netmasks, allow_ip_ranges }
}
