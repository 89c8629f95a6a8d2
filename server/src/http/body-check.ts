/** Schema checks of bodies. The validator is loaded and each schema compiled when first needed, not at start. */
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
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
  ajv ??= import('ajv').then(
    ({ default: { Ajv } }) => new Ajv({ strict: false, verbose: true, unicodeRegExp: true }),
  )
  const validate = (await ajv).compile(schema)
  compiled.set(schema, validate)
  return validate
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
