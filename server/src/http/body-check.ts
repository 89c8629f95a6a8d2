/** Schema checks of bodies. The validator is loaded and each schema compiled when first needed, not at start. */
import type { Ajv, ErrorObject, SchemaValidateFunction, ValidateFunction } from 'ajv'
import type { TSchema } from 'typebox'
import type { BodyFault } from './wire.ts'

let ajv: Promise<Ajv> | undefined
const compiled = new WeakMap<TSchema, ValidateFunction>()

/** What is wrong with `body`, or undefined; a promise of it the first time. Nothing is coerced, defaulted or removed. */
export function checkBody(
  schema: TSchema,
  body: unknown,
): BodyFault | undefined | Promise<BodyFault | undefined> {
  const validate = compiled.get(schema)
  return validate ? check(validate, body) : compile(schema).then((made) => check(made, body))
}

function check(validate: ValidateFunction, body: unknown): BodyFault | undefined {
  return validate(body) ? undefined : faultOf(validate.errors?.[0], body)
}

async function compile(schema: TSchema): Promise<ValidateFunction> {
  // A bundled CommonJS package has only its default export when it is imported lazily.
  ajv ??= import('ajv').then(({ default: { Ajv } }) =>
    new Ajv({ strict: false, verbose: true, unicodeRegExp: true })
      .removeKeyword('uniqueItems')
      .addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: allDiffer }),
  )
  const validate = (await ajv.catch(forget)).compile(schema)
  compiled.set(schema, validate)
  return validate
}

/** `uniqueItems` in one walk: the package's own compares every item that is no scalar with every other one. */
const allDiffer: SchemaValidateFunction = (wanted: boolean, items: readonly unknown[]): boolean => {
  if (!wanted) return true
  const places = new Map<string, number>()
  for (const [j, item] of items.entries()) {
    const text = sameText(item)
    const i = places.get(text)
    if (i !== undefined) {
      const message = `must NOT have duplicate items (items ## ${i} and ${j} are identical)`
      allDiffer.errors = [{ keyword: 'uniqueItems', message, params: { i, j } }]
      return false
    }
    places.set(text, j)
  }
  return true
}

/** The same for what is equal, in whatever order an object has its keys. */
function sameText(value: unknown): string {
  return JSON.stringify(value, (_key, given: unknown) =>
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)))
      : given,
  )
}

/** What could not be loaded, as while no more files can be opened, is loaded again by who asks next. */
function forget(error: unknown): never {
  ajv = undefined
  throw error
}

function faultOf(error: ErrorObject | undefined, body: unknown): BodyFault {
  return {
    field: (error?.instancePath ?? '').slice(1),
    keyword: error?.keyword ?? '',
    message: error?.message ?? 'is not valid',
    value: error ? error.data : body,
    params: (error?.params ?? {}) as Record<string, unknown>,
  }
}
