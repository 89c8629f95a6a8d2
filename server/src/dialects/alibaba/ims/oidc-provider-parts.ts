/** A provider's clients and fingerprints, one at a time. */
import { noSuch } from '../errors.ts'
import { type Operation, required } from '../operation.ts'
import { answer, conflict } from '../ram/ram.ts'
import { changed, entryOf, imsOperation, LISTS, type ListName, providerBody, providerNamed } from './ims.ts'

function partOperation(name: ListName, verb: 'Add' | 'Remove'): Operation {
  const { field, most } = LISTS[name]
  const isAdded = verb === 'Add'
  return imsOperation({
    action: `${verb}${name}${isAdded ? 'To' : 'From'}OIDCProvider`,
    parameters: ['OIDCProviderName', name],
    on: providerNamed,
    handle: async (call) => {
      const entry = entryOf(name, name, required(call, name))
      const provider = await changed(call, ({ [field]: before }) => {
        if (isAdded === before.includes(entry)) {
          if (!isAdded) return noSuch(`OIDCProvider.${name}`, 'not in the list')
          return conflict(`EntityAlreadyExists.OIDCProvider.${name}`, `The ${name} is there already.`)
        }
        if (!isAdded) return { [field]: before.filter((other) => other !== entry) }
        if (before.length < most) return { [field]: [...before, entry] }
        return conflict(
          `LimitExceeded.OIDCProvider.${name}`,
          `An OIDC provider has at most ${most} of ${name}.`,
        )
      })
      return answer(call, { OIDCProvider: providerBody(call, provider) })
    },
  })
}

export const oidcProviderPartOperations = [
  partOperation('ClientId', 'Add'),
  partOperation('ClientId', 'Remove'),
  partOperation('Fingerprint', 'Add'),
  partOperation('Fingerprint', 'Remove'),
]
