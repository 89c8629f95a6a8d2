/**
 * Our own Fernet payload, for sessions Keystone has no version for: an agency, an access key, a named credential,
 * more than one link, a method without a bit. A Keystone that shares our keys does not know the version and refuses the
 * token, which is what it has to do with a bound it cannot see. Versions from 64 up are ours.
 *
 * One msgpack array of seven items:
 *
 *   0  version     40 (64)
 *   1  user        id
 *   2  methods     array, oldest first; each the index in `methodNames` or, for a name not in it, text
 *   3  scope       0 unscoped | 1 system | [2, id] project | [3, id] domain
 *   4  expires     integer, seconds since the epoch
 *   5  audits      16 or 32 bytes: this token's audit id, then its chain's
 *   6  via         array of links, oldest first; each an array that begins with its kind:
 *                    [1, id]                              trust
 *                    [2, id]                              application credential
 *                    [3, id]                              OAuth 1 access token
 *                    [4, text]                            OAuth 2 certificate thumbprint
 *                    [5, id idp, text protocol, [id ...]] federation
 *                    [6, id or nil]                       credential; nil: one the token does not name
 *                    [7, id]                              access key
 *                    [8, id or nil, id by, text or nil]   agency, assumed by, session; nil: the user's id, no session
 *
 *   id   16 bytes for 32 lower-case hex digits, else text
 *
 * A project session of an agency is 226 characters long. The time of issue is the container's. `methodNames` only ever
 * grows at its end.
 */
import type { Claims, Link, Scope } from '../claims.ts'
import type { MsgpackValue } from '../msgpack.ts'
import { Malformed } from '../refused.ts'
import {
  asArray,
  asBytes,
  asInteger,
  asText,
  asTuple,
  packAuditId,
  packCompactId,
  readAuditId,
  readCompactId,
} from './payload-values.ts'

export const chainVersion = 64

const methodNames = [
  'password',
  'token',
  'external',
  'oauth1',
  'mapped',
  'application_credential',
  'totp',
  'ec2credential',
  'oauth2_credential',
  'assume_role',
  'access_key',
  'openid',
  'saml2',
]

/** How one kind of link is written after its number, and read from the items after it. */
interface LinkLayout {
  readonly kind: Link['kind']
  readonly items: number
  readonly pack: (link: Link, userId: string) => readonly MsgpackValue[]
  readonly read: (items: readonly MsgpackValue[], userId: string) => Link
}

function idLink(kind: 'trust' | 'application_credential' | 'oauth1' | 'access_key'): LinkLayout {
  return {
    kind,
    items: 1,
    pack: (link) => ('id' in link ? [packCompactId(link.id)] : []),
    read: ([id]) => ({ kind, id: readCompactId(id) }),
  }
}

const oauth2: LinkLayout = {
  kind: 'oauth2',
  items: 1,
  pack: (link) => (link.kind === 'oauth2' ? [link.thumbprint] : []),
  read: ([thumbprint]) => ({ kind: 'oauth2', thumbprint: asText(thumbprint) }),
}

const federation: LinkLayout = {
  kind: 'federation',
  items: 3,
  pack: (link) =>
    link.kind === 'federation'
      ? [packCompactId(link.idp), link.protocol, link.groups.map(packCompactId)]
      : [],
  read: ([idp, protocol, groups]) => ({
    kind: 'federation',
    idp: readCompactId(idp),
    protocol: asText(protocol),
    groups: asArray(groups).map(readCompactId),
  }),
}

const credential: LinkLayout = {
  kind: 'credential',
  items: 1,
  pack: (link) => ('id' in link ? [link.id === '' ? null : packCompactId(link.id)] : []),
  read: ([id]) => ({ kind: 'credential', id: id === null ? '' : readCompactId(id) }),
}

const agency: LinkLayout = {
  kind: 'agency',
  items: 3,
  pack: (link, userId) => {
    if (link.kind !== 'agency') return []
    const id = link.id === userId ? null : packCompactId(link.id)
    return [id, packCompactId(link.assumedBy), link.session === '' ? null : link.session]
  },
  read: ([packedId, assumedBy, session], userId) => {
    const id = packedId === null ? userId : readCompactId(packedId)
    if (packedId !== null && id === userId) throw new Malformed('id not in its shortest form')
    return {
      kind: 'agency',
      id,
      assumedBy: readCompactId(assumedBy),
      session: session === null ? '' : asText(session),
    }
  },
}

/** The index is the number before the items; 0 is not used. */
const linkLayouts: readonly (LinkLayout | undefined)[] = [
  undefined,
  idLink('trust'),
  idLink('application_credential'),
  idLink('oauth1'),
  oauth2,
  federation,
  credential,
  idLink('access_key'),
  agency,
]

/** The payload for claims without a fault. */
export function toChainPayload(claims: Claims): MsgpackValue[] {
  return [
    chainVersion,
    packCompactId(claims.userId),
    claims.methods.map(packMethod),
    packScope(claims.scope),
    claims.expiresAt,
    Buffer.concat(claims.auditIds.map(packAuditId)),
    claims.via.map((link) => packLink(link, claims.userId)),
  ]
}

/** The claims of a payload whose version is 64. Throws Malformed when the rest is not what the head of this file says. */
export function fromChainPayload(payload: readonly MsgpackValue[], issuedAt: number): Claims {
  const [, user, methods, scope, expires, audits, via] = asTuple(payload, 7)
  const userId = readCompactId(user)
  return {
    userId,
    methods: asArray(methods).map(readMethod),
    scope: readScope(scope),
    via: asArray(via).map((link) => readLink(link, userId)),
    auditIds: readAudits(asBytes(audits)),
    issuedAt,
    expiresAt: asInteger(expires),
  }
}

function packMethod(name: string): MsgpackValue {
  const index = methodNames.indexOf(name)
  return index < 0 ? name : index
}

function readMethod(value: MsgpackValue): string {
  const name = typeof value === 'number' ? methodNames[value] : asText(value)
  if (name === undefined) throw new Malformed('method number we do not know', 'unknown_method')
  if (typeof value === 'string' && methodNames.includes(name))
    throw new Malformed('method not in its shortest form')
  return name
}

function packScope(scope: Scope): MsgpackValue {
  if (scope.kind === 'unscoped') return 0
  if (scope.kind === 'system') return 1
  return [scope.kind === 'project' ? 2 : 3, packCompactId(scope.id)]
}

function readScope(value: MsgpackValue | undefined): Scope {
  if (value === 0) return { kind: 'unscoped' }
  if (value === 1) return { kind: 'system' }
  const [kind, id] = asTuple(value, 2)
  if (kind === 2) return { kind: 'project', id: readCompactId(id) }
  if (kind === 3) return { kind: 'domain', id: readCompactId(id) }
  throw new Malformed('scope of a kind we do not know')
}

function packLink(link: Link, userId: string): MsgpackValue {
  const number = linkLayouts.findIndex((layout) => layout?.kind === link.kind)
  return [number, ...(linkLayouts[number]?.pack(link, userId) ?? [])]
}

function readLink(value: MsgpackValue, userId: string): Link {
  const [number, ...items] = asArray(value)
  const layout = linkLayouts[asInteger(number)]
  if (layout === undefined || items.length !== layout.items)
    throw new Malformed('link of a kind we do not know')
  return layout.read(items, userId)
}

function readAudits(bytes: Buffer): string[] {
  if (bytes.length === 16) return [readAuditId(bytes)]
  return [readAuditId(bytes.subarray(0, 16)), readAuditId(bytes.subarray(16))]
}
