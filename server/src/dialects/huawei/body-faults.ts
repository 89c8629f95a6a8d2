/** What is wrong with a body, in Huawei Cloud's codes: IAM.0072 and IAM.0073, and numbers where users are written. */
import { Refusal } from '../../core/refusal.ts'
import type { BodyFault } from '../../http/wire.ts'

const USERS = /^\/v3\.0\/OS-USER\/users(\/[^/]+(\/info)?)?\/?$/

/** OS-USER's own, by the attribute that is wrong. */
const OF_USERS: Readonly<Record<string, readonly [code: string, text: string]>> = {
  'user/name': ['1101', 'Invalid username.'],
  'user/email': ['1102', 'Invalid email address.'],
  'user/phone': ['1104', 'Invalid mobile number.'],
  'user/mobile': ['1104', 'Invalid mobile number.'],
  'user/description': ['1117', 'Invalid user description.'],
  'user/password': ['1118', 'The password is weak.'],
  'user/access_mode': ['1120', 'Invalid access_mode.'],
}

/** The refusal of a body that does not fit the operation on `path`. */
export function bodyRefusal({ field, keyword, message, params }: BodyFault, path: string): Refusal {
  const bad = (wireCode: string, text: string) =>
    new Refusal('bad_request', `${field} ${message}`, { message: text, wireCode })
  const isOfUser = USERS.test(path)
  if (keyword === 'required') {
    const missing = String(params['missingProperty'])
    return isOfUser
      ? bad('1100', 'Mandatory parameters are not specified.')
      : bad('IAM.0072', `'${missing}' is a required property.`)
  }
  const known = isOfUser ? OF_USERS[field] : undefined
  return known ? bad(...known) : bad('IAM.0073', `Invalid input for field '${field}': ${message}.`)
}
