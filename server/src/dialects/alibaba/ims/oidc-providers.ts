import { createOidcProvider, deleteOidcProvider, oidcProvidersOf } from '../../../flows/oidc-providers.ts'
import { invalidParameter } from '../errors.ts'
import { actorOf, type Call, required } from '../operation.ts'
import { answer, formed, pageAmong, text, truncation } from '../ram/ram.ts'
import {
  anyProvider,
  changed,
  DEFAULT_HOURS,
  demandReach,
  entriesOf,
  hoursOf,
  imsOperation,
  noProvider,
  providerBody,
  providerNamed,
  providerOf,
  wanted,
} from './ims.ts'

const NAME = /^[A-Za-z0-9]([\w.-]{0,62}[A-Za-z0-9])?$/
const LONGEST_URL = 255
const LONGEST_DESCRIPTION = 256

function issuerOf(call: Call): string {
  const url = required(call, 'IssuerUrl')
  const isPlain = /^https:\/\/[^?#@\s]+$/.test(url) && url.length <= LONGEST_URL
  return isPlain ? url : invalidParameter('IssuerUrl', 'is not well formed')
}

const createProvider = imsOperation({
  action: 'CreateOIDCProvider',
  parameters: [
    ...['OIDCProviderName', 'IssuerUrl', 'Description', 'ClientIds'],
    ...['Fingerprints', 'IssuanceLimitTime'],
  ],
  on: anyProvider,
  handle: async (call) => {
    const provider = await createOidcProvider(call.ctx, actorOf(call), call.principal.account.id, {
      name: formed(call, 'OIDCProviderName', NAME),
      description: text(call, 'Description', LONGEST_DESCRIPTION) ?? '',
      issuer: issuerOf(call),
      clientIds: entriesOf(call, 'ClientId') ?? [],
      fingerprints: entriesOf(call, 'Fingerprint') ?? [],
      issuanceLimitHours: hoursOf(call) ?? DEFAULT_HOURS,
    })
    return answer(call, { OIDCProvider: providerBody(call, provider) })
  },
})

const getProvider = imsOperation({
  action: 'GetOIDCProvider',
  parameters: ['OIDCProviderName'],
  on: providerNamed,
  handle: async (call) => answer(call, { OIDCProvider: providerBody(call, await providerOf(call)) }),
})

const listProviders = imsOperation({
  action: 'ListOIDCProviders',
  parameters: ['Marker', 'MaxItems'],
  on: anyProvider,
  handle: async (call) => {
    const all = await oidcProvidersOf(call.ctx, call.principal.account.id)
    const { items, next } = pageAmong(call, all, ({ name }) => name)
    const OIDCProvider = items.map((provider) => providerBody(call, provider))
    return answer(call, { ...truncation(next), OIDCProviders: { OIDCProvider } })
  },
})

const updateProvider = imsOperation({
  action: 'UpdateOIDCProvider',
  parameters: ['OIDCProviderName', 'NewDescription', 'ClientIds', 'IssuanceLimitTime'],
  on: providerNamed,
  handle: async (call) => {
    const description = text(call, 'NewDescription', LONGEST_DESCRIPTION)
    const clientIds = entriesOf(call, 'ClientId')
    const issuanceLimitHours = hoursOf(call)
    const provider = await changed(call, () => ({
      ...(description === undefined ? {} : { description }),
      ...(clientIds === undefined ? {} : { clientIds }),
      ...(issuanceLimitHours === undefined ? {} : { issuanceLimitHours }),
    }))
    return answer(call, { OIDCProvider: providerBody(call, provider) })
  },
})

/** Sessions by its tokens end with their next use. */
const deleteProvider = imsOperation({
  action: 'DeleteOIDCProvider',
  parameters: ['OIDCProviderName'],
  on: providerNamed,
  handle: async (call) => {
    await providerOf(call)
    await demandReach(call)
    if (!(await deleteOidcProvider(call.ctx, actorOf(call), wanted(call)))) return noProvider()
    return answer(call)
  },
})

export const oidcProviderOperations = [
  createProvider,
  getProvider,
  listProviders,
  updateProvider,
  deleteProvider,
]
