/**
 * Keystone's Fernet payloads: one msgpack array each, the version first. Facts from Keystone 22 (versions 0 to 9) and
 * Keystone 23 and later (version 10); the bytes are the same as Python writes, see the vectors.
 *
 *   version                      items after the version
 *    0  unscoped                 user methods                                       expires audits
 *    1  domain                   user methods domain*                               expires audits
 *    2  project                  user methods project                               expires audits
 *    3  trust                    user methods project                               expires audits trust*
 *    4  federated, unscoped      user methods          groups idp protocol          expires audits
 *    5  federated, project       user methods project  groups idp protocol          expires audits
 *    6  federated, domain        user methods domain   groups idp protocol          expires audits
 *    7  OAuth 1 access token     user methods project  access-token                 expires audits
 *    8  system                   user methods "all"                                 expires audits
 *    9  application credential   user methods project                               expires audits credential
 *   10  OAuth 2 certificate      user methods project domain                        expires audits thumbprint
 *
 *   id          [true, 16 bytes] for 32 lower-case hex digits, else [false, text]; [false, nil] for none (10 only)
 *   domain*     16 bytes, or the text of the default domain's id, without the flag
 *   trust*      16 bytes without the flag; a trust id of another form has no payload here
 *   methods     integer, see auth-methods.ts
 *   groups      array of id          protocol  text          thumbprint  [false, text]
 *   expires     64-bit float, seconds since the epoch; parts of a second are dropped when read
 *   audits      array of 16 bytes, this token's and its chain's
 *
 * The time of issue is the container's. Stricter than Keystone: an id in upper case or with dashes stays the text it
 * is (Python would fold it into another id), and unknown lengths, types and second spellings are refused.
 */

import type { KeystoneFields } from '../keystone-fields.ts'
import type { MsgpackValue } from '../msgpack.ts'
import { Malformed } from '../refused.ts'
import { isUuidHex } from '../text.ts'
import { type AuthMethods, integerToMethods, methodsToInteger } from './auth-methods.ts'
import {
  asArray,
  asBytes,
  asInteger,
  asText,
  asTuple,
  bytesToId,
  packAuditId,
  packCompactId,
  packId,
  readAuditId,
  readCompactId,
  readId,
} from './payload-values.ts'

/** One item of a payload. `pack` is only asked for fields that are there; `read` sets the field or throws Malformed. */
interface Item {
  readonly pack: (fields: KeystoneFields, methods: AuthMethods) => MsgpackValue
  readonly read: (into: KeystoneFields, value: MsgpackValue, methods: AuthMethods) => void
}

/** A field that is an id of its own: [flag, id]. */
function idItem(name: 'userId' | 'project' | 'domain' | 'accessToken' | 'appCred'): Item {
  return {
    pack: (fields) => packId(fields[name]),
    read: (into, value) => {
      into[name] = readId(value)
    },
  }
}

/** As `idItem`, or [false, nil] when the session has none. */
function optionalIdItem(name: 'project' | 'domain'): Item {
  const { pack, read } = idItem(name)
  return {
    pack,
    read: (into, value, methods) => {
      const [isBytes, id] = asTuple(value, 2)
      if (isBytes !== false || id !== null) read(into, value, methods)
    },
  }
}

const methodsItem: Item = {
  pack: (fields, methods) => methodsToInteger(fields.methods, methods),
  read: (into, value, methods) => {
    into.methods = integerToMethods(asInteger(value), methods)
  },
}

const bareDomain: Item = {
  pack: ({ domain = '' }) => packCompactId(domain),
  read: (into, value) => {
    into.domain = readCompactId(value)
  },
}

const bareTrust: Item = {
  pack: ({ trust = '' }) => Buffer.from(trust, 'hex'),
  read: (into, value) => {
    into.trust = bytesToId(asBytes(value))
  },
}

const system: Item = {
  pack: () => 'all',
  read: (into, value) => {
    if (value !== 'all') throw new Malformed('system scope other than all')
    into.system = 'all'
  },
}

const noFederation = { idp: '', protocol: '', groups: [] }

const groups: Item = {
  pack: ({ federation = noFederation }) => federation.groups.map(packId),
  read: (into, value) => {
    into.federation = { ...noFederation, groups: asArray(value).map(readId) }
  },
}

const idp: Item = {
  pack: ({ federation = noFederation }) => packId(federation.idp),
  read: (into, value) => {
    into.federation = { ...noFederation, ...into.federation, idp: readId(value) }
  },
}

const protocol: Item = {
  pack: ({ federation = noFederation }) => federation.protocol,
  read: (into, value) => {
    into.federation = { ...noFederation, ...into.federation, protocol: asText(value) }
  },
}

const thumbprint: Item = {
  pack: (fields) => [false, fields.thumbprint ?? null],
  read: (into, value) => {
    const [isBytes, text] = asTuple(value, 2)
    if (isBytes !== false) throw new Malformed('thumbprint as text expected')
    into.thumbprint = asText(text)
  },
}

const expires: Item = {
  pack: (fields) => ({ float64: fields.expiresAt }),
  read: (into, value) => {
    if (typeof value !== 'object' || value === null || !('float64' in value))
      throw new Malformed('float expected')
    into.expiresAt = Math.floor(value.float64)
  },
}

const audits: Item = {
  pack: (fields) => fields.auditIds.map(packAuditId),
  read: (into, value) => {
    into.auditIds = asArray(value).map((id) => readAuditId(asBytes(id)))
  },
}

const user = idItem('userId')
const project = idItem('project')
const domain = idItem('domain')
const start = [user, methodsItem]
const end = [expires, audits]

/** The index is the version. */
const layouts: readonly (readonly Item[])[] = [
  [...start, ...end],
  [...start, bareDomain, ...end],
  [...start, project, ...end],
  [...start, project, ...end, bareTrust],
  [...start, groups, idp, protocol, ...end],
  [...start, project, groups, idp, protocol, ...end],
  [...start, domain, groups, idp, protocol, ...end],
  [...start, project, idItem('accessToken'), ...end],
  [...start, system, ...end],
  [...start, project, ...end, idItem('appCred')],
  [...start, optionalIdItem('project'), optionalIdItem('domain'), ...end, thumbprint],
]

/** Which version says which fields, besides those every version says. Any other set has none. */
const versionOf: ReadonlyMap<string, number> = new Map([
  ['', 0],
  [' domain', 1],
  [' project', 2],
  [' project trust', 3],
  [' federation', 4],
  [' project federation', 5],
  [' domain federation', 6],
  [' project accessToken', 7],
  [' system', 8],
  [' project appCred', 9],
  [' thumbprint', 10],
  [' project thumbprint', 10],
  [' domain thumbprint', 10],
])

const optionalFields = [
  'project',
  'domain',
  'system',
  'federation',
  'trust',
  'appCred',
  'accessToken',
  'thumbprint',
] as const

/** The payload that says exactly these fields, or null when Keystone has none: no version, or a method without a bit. */
export function toKeystonePayload(fields: KeystoneFields, methods: AuthMethods): MsgpackValue[] | null {
  let present = ''
  for (const name of optionalFields) if (fields[name] !== undefined) present += ` ${name}`
  const version = versionOf.get(present)
  if (version === undefined || (fields.trust !== undefined && !isUuidHex(fields.trust))) return null
  if (methodsToInteger(fields.methods, methods) === null) return null
  const payload: MsgpackValue[] = [version]
  for (const item of layouts[version] as readonly Item[]) payload.push(item.pack(fields, methods))
  return payload
}

/** The fields of a payload of versions 0 to 10. Throws Malformed on every other. */
export function fromKeystonePayload(payload: readonly MsgpackValue[], methods: AuthMethods): KeystoneFields {
  const layout = layouts[asInteger(payload[0])]
  if (layout === undefined) throw new Malformed('payload version we do not know', 'unknown_version')
  if (payload.length !== layout.length + 1) throw new Malformed('wrong number of items')
  const fields: KeystoneFields = { userId: '', methods: [], auditIds: [], expiresAt: -1 }
  layout.forEach((item, index) => {
    item.read(fields, payload[index + 1] as MsgpackValue, methods)
  })
  return fields
}
