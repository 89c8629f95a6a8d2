import type { Assertion } from '../../core/federation/mapping.ts'

const MOST_VALUES = 512

/** An attribute as an assertion has it: the names it goes by, and its values. */
export interface SaidAttribute {
  readonly names: readonly (string | null)[]
  readonly values: readonly string[]
}

/**
 * What rules read: attributes by each of their names, as several values each; who says so and about whom by the names rules
 * know, which no attribute can take. `nameId`: '' for nobody in particular.
 */
export function readable(issuer: string, nameId: string, said: readonly SaidAttribute[]): Assertion {
  const attributes: Record<string, string[]> = Object.create(null)
  const own: Record<string, string> = { 'Shib-Identity-Provider': issuer, MELLON_IDP: issuer }
  for (const [name, value] of Object.entries(own)) attributes[name] = [value]
  if (nameId !== '') for (const name of ['NameID', 'MELLON_NAME_ID']) attributes[name] = [nameId]
  const reserved = new Set(['NameID', 'MELLON_NAME_ID', ...Object.keys(own)])
  for (const { names, values } of said) {
    for (const name of new Set(names)) {
      if (name && !reserved.has(name))
        attributes[name] = [...(attributes[name] ?? []), ...values.slice(0, MOST_VALUES)]
    }
  }
  return attributes
}
