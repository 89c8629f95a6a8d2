/**
 * Session tokens as Keystone's JWS provider writes them: claims signed with ES256. Readable by whoever holds them,
 * verifiable with public keys alone, twice as long as Fernet tokens. Not an offline credential: whether the session
 * still holds is known to the token service only.
 *
 * A signature of ECDSA can be turned by anybody into a second valid one (s into n - s), so the text of such a token is
 * not its identity; its audit ids are. Keystone issues both halves, so refusing one would refuse its tokens.
 *
 *   sub, iat, exp                      user id; seconds since the epoch
 *   openstack_methods                  array of text
 *   openstack_audit_ids                array of text, this token's and its chain's
 *   openstack_system                   "all"
 *   openstack_domain_id, openstack_project_id, openstack_trust_id
 *   openstack_group_ids                array of {"id": text}, with openstack_idp_id and openstack_protocol_id
 *   openstack_access_token_id, openstack_app_cred_id
 *   openstack_thumbprint               text (Keystone 23 and later)
 *
 * Chains Keystone has no claims for, and only they, have two more, and no claim for a single link:
 *
 *   aud                                "tokenhouse"
 *   tokenhouse_via                     array of links as `Link` has them
 *
 * A Keystone that shares our keys would not look at the second and take the session for its user's own; the first
 * makes its JWT library refuse the token (RFC 7519 section 4.1.3). Any other claim is refused here for the same reason.
 */
import type { Claims } from '../claims.ts'
import { checkedClaims, claimsFault } from '../claims-fault.ts'
import {
  fieldsWithoutLinks,
  fromKeystoneFields,
  type KeystoneFields,
  linksOf,
  toKeystoneFields,
} from '../keystone-fields.ts'
import { Malformed, orRefused, type Refused } from '../refused.ts'
import { signCompact, verifyCompact } from './compact.ts'
import { asArray, asNumber, asRecord, asString } from './json.ts'
import type { JwsKeyring } from './keys.ts'
import { readLink } from './links.ts'

const audience = 'tokenhouse'

const textClaims = [
  ['openstack_domain_id', 'domain'],
  ['openstack_project_id', 'project'],
  ['openstack_trust_id', 'trust'],
  ['openstack_access_token_id', 'accessToken'],
  ['openstack_app_cred_id', 'appCred'],
  ['openstack_thumbprint', 'thumbprint'],
] as const

const knownClaims = new Set<string>([
  ...textClaims.map(([claim]) => claim),
  'sub',
  'iat',
  'exp',
  'openstack_methods',
  'openstack_audit_ids',
  'openstack_system',
  'openstack_group_ids',
  'openstack_idp_id',
  'openstack_protocol_id',
  'aud',
  'tokenhouse_via',
])

/**
 * The token for claims, about 450 characters for a project session. Throws RangeError when the claims cannot be a
 * token (`claimsFault` says which field) or would make one longer than 8192 characters.
 */
export function encodeJws(claims: Claims, keyring: JwsKeyring): string {
  const checked = checkedClaims(claims)
  const fields = toKeystoneFields(checked)
  const body = fields
    ? fieldClaims(fields, checked.issuedAt)
    : {
        ...fieldClaims(fieldsWithoutLinks(checked), checked.issuedAt),
        aud: audience,
        tokenhouse_via: checked.via,
      }
  return signCompact(body, keyring.primary)
}

/**
 * The claims of a token, or why it is none. Never throws, whatever the text is. Times are compared with no clock. Keys
 * of other algorithms than ES256 in the ring are for other tokens and are not tried.
 */
export function decodeJws(text: string, keyring: Pick<JwsKeyring, 'all'>): Claims | Refused {
  return orRefused(() => {
    const keys = keyring.all.filter(({ algorithm }) => algorithm.name === 'ES256')
    const verified = verifyCompact(text, keys)
    if ('refused' in verified) throw new Malformed(verified.detail, verified.refused)
    const claims = readClaims(verified.claims)
    const fault = claimsFault(claims)
    if (fault !== null) throw new Malformed(fault)
    return claims
  })
}

function fieldClaims(fields: KeystoneFields, issuedAt: number): Record<string, unknown> {
  const { federation } = fields
  return {
    sub: fields.userId,
    iat: issuedAt,
    exp: fields.expiresAt,
    openstack_methods: fields.methods,
    openstack_audit_ids: fields.auditIds,
    openstack_system: fields.system,
    openstack_domain_id: fields.domain,
    openstack_project_id: fields.project,
    openstack_trust_id: fields.trust,
    openstack_group_ids: federation?.groups.map((id) => ({ id })),
    openstack_idp_id: federation?.idp,
    openstack_protocol_id: federation?.protocol,
    openstack_access_token_id: fields.accessToken,
    openstack_app_cred_id: fields.appCred,
    openstack_thumbprint: fields.thumbprint,
  }
}

function readClaims(body: Readonly<Record<string, unknown>>): Claims {
  if (!Object.keys(body).every((name) => knownClaims.has(name))) throw new Malformed('claim we do not know')
  const fields: KeystoneFields = {
    userId: asString(body['sub']),
    methods: asArray(body['openstack_methods']).map(asString),
    auditIds: asArray(body['openstack_audit_ids']).map(asString),
    expiresAt: asNumber(body['exp']),
  }
  for (const [claim, field] of textClaims)
    if (body[claim] !== undefined) fields[field] = asString(body[claim])
  const system = body['openstack_system']
  if (system !== undefined && system !== 'all') throw new Malformed('system scope other than all')
  if (system === 'all') fields.system = system
  const federation = readFederation(body)
  if (federation !== undefined) fields.federation = federation
  const claims = fromKeystoneFields(fields, asNumber(body['iat']))
  const { aud, tokenhouse_via: chain } = body
  if (aud === undefined && chain === undefined) return claims
  if (aud !== audience) throw new Malformed('meant for somebody else')
  if (linksOf(fields).length > 0) throw new Malformed('links in two places')
  return { ...claims, via: asArray(chain).map(readLink) }
}

function readFederation(body: Readonly<Record<string, unknown>>): KeystoneFields['federation'] {
  const { openstack_group_ids: groups, openstack_idp_id: idp, openstack_protocol_id: protocol } = body
  if (groups === undefined && idp === undefined && protocol === undefined) return undefined
  return { idp: asString(idp), protocol: asString(protocol), groups: asArray(groups).map(readGroup) }
}

function readGroup(value: unknown): string {
  const group = asRecord(value)
  if (Object.keys(group).length !== 1) throw new Malformed('group of an unknown form')
  return asString(group['id'])
}
