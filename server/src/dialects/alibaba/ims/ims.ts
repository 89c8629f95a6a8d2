/**
 * What the operations of IMS (2019-08-15) share: RAM's API for identity providers, under RAM's actions. Providers are
 * those of the account, on whichever face they were made. Not for believing tokens: that is AssumeRoleWithOIDC's.
 */
import {
  changeOidcProvider,
  findOidcProvider,
  type OidcProvider,
  type OidcProviderChange,
  reachOfProvider,
} from '../../../flows/oidc-providers.ts'
import { oidcProviderArn } from '../../../flows/role-trust.ts'
import { invalidParameter, noSuch, refuseGateway } from '../errors.ts'
import { actorOf, type Call, type Operation, required } from '../operation.ts'
import { type RamOperation, ramOperation, time } from '../ram/ram.ts'

export const imsOperation = (definition: Omit<RamOperation, 'version'>): Operation =>
  ramOperation({ ...definition, version: '2019-08-15' })

/** Of all providers, where none is named. */
export const anyProvider = (): readonly string[] => ['oidc-provider/*']

export const providerNamed = (call: Call): readonly string[] => [
  `oidc-provider/${required(call, 'OIDCProviderName')}`,
]

export const wanted = (call: Call) => ({
  domainId: call.principal.account.id,
  name: required(call, 'OIDCProviderName'),
})

export const noProvider = (): never => noSuch('OIDCProvider', 'no such OIDC provider of the account')

export async function providerOf(call: Call): Promise<OidcProvider> {
  const { domainId, name } = wanted(call)
  return (await findOidcProvider(call.ctx, domainId, name)) ?? noProvider()
}

/**
 * Refuses `NoPermission` to change a provider by which people get more than roles that trust it: whoever chose whose
 * tokens it believes would be let in as them. The account itself may where all of that is the account's.
 */
export async function demandReach(call: Call): Promise<void> {
  const reach = await reachOfProvider(call.ctx, wanted(call))
  const may = reach === 'subjects' || (reach === 'account' && call.principal.isAccount)
  if (!may) refuseGateway('NoPermission', `an OIDC provider that gives rights of the ${reach}`)
}

/** Changes the named provider; refuses `EntityNotExist.OIDCProvider`, and as `demandReach` does. */
export async function changed(
  call: Call,
  make: (before: OidcProvider) => OidcProviderChange,
): Promise<OidcProvider> {
  await providerOf(call)
  await demandReach(call)
  return (await changeOidcProvider(call.ctx, actorOf(call), wanted(call), make)) ?? noProvider()
}

const CLIENT_ID = /^[A-Za-z0-9][\w.:/-]{0,127}$/
const FINGERPRINT = /^[A-Za-z0-9]{1,128}$/

/** How many clients and fingerprints a provider has, and how one is written. */
export const LISTS = {
  ClientId: { field: 'clientIds', most: 50, form: CLIENT_ID },
  Fingerprint: { field: 'fingerprints', most: 5, form: FINGERPRINT },
} as const

export type ListName = keyof typeof LISTS

/** One entry, as it is kept: a fingerprint in small letters. */
export function entryOf(name: ListName, parameter: string, text: string): string {
  if (!LISTS[name].form.test(text)) return invalidParameter(parameter, 'is not well formed')
  return name === 'Fingerprint' ? text.toLowerCase() : text
}

/** `a,b`, each once; undefined when the parameter is not there. */
export function entriesOf(call: Call, name: ListName): readonly string[] | undefined {
  const text = call.parameters[`${name}s`]
  if (text === undefined) return undefined
  const parts = text.split(',').filter((part) => part !== '')
  const entries = [...new Set(parts.map((part) => entryOf(name, `${name}s`, part)))]
  const { most } = LISTS[name]
  return entries.length <= most ? entries : invalidParameter(`${name}s`, `has more than ${most}`)
}

export const DEFAULT_HOURS = 12

/** Hours after its issue for which a token is taken; undefined when the request does not say. */
export function hoursOf({ parameters }: Call): number | undefined {
  const text = parameters['IssuanceLimitTime']
  if (text === undefined || text === '') return undefined
  const hours = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return hours >= 1 && hours <= 168 ? hours : invalidParameter('IssuanceLimitTime', 'is not from 1 to 168')
}

export function providerBody(call: Call, provider: OidcProvider) {
  const { createdAt, updatedAt } = provider
  const millis = (micros: number | undefined): string =>
    micros === undefined ? '' : String(Math.floor(micros / 1000))
  return {
    OIDCProviderName: provider.name,
    Arn: oidcProviderArn(call.principal.account.number, provider.name),
    Description: provider.description,
    IssuerUrl: provider.issuer,
    ClientIds: provider.clientIds.join(','),
    Fingerprints: provider.fingerprints.join(','),
    ...(provider.issuanceLimitHours === undefined ? {} : { IssuanceLimitTime: provider.issuanceLimitHours }),
    CreateDate: createdAt === undefined ? '' : time(createdAt),
    UpdateDate: updatedAt === undefined ? '' : time(updatedAt),
    GmtCreate: millis(createdAt),
    GmtModified: millis(updatedAt),
  }
}
