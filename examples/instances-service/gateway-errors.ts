/** Refusals in the form of Huawei Cloud's API gateway, which stands before RDS: error_msg, error_code, request_id. */
import { randomBytes } from 'node:crypto'
import type { Refused, RenderedRefusal, Unavailable } from '@tokenhouse/client'

export interface GatewayError {
  readonly error_msg: string
  readonly error_code: string
  readonly request_id: string
}

export function gatewayError(error_code: string, error_msg: string): GatewayError {
  return { error_msg, error_code, request_id: randomBytes(16).toString('hex') }
}

/** What the guard says when nobody is let in: APIGW.0301 for a token that is missing, wrong or expired. */
export function renderGatewayRefusal(refusal: Refused | Unavailable): RenderedRefusal {
  if (refusal.outcome === 'unavailable')
    return { body: gatewayError('APIGW.0613', 'The token service cannot be asked now.') }
  return {
    body: gatewayError('APIGW.0301', `Incorrect IAM authentication information: ${reasonOf(refusal)}`),
  }
}

function reasonOf({ reason, expiresAt }: Refused): string {
  if (reason === 'missing') return 'x-auth-token not found'
  if (reason === 'expired' && expiresAt !== undefined) {
    return `token expires, expires_at: ${new Date(expiresAt).toISOString().replace('Z', '000Z')}`
  }
  return 'decrypt token fail'
}
