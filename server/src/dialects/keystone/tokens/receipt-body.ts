import type { IssuedReceipt } from '../../../core/refusal.ts'
import { tokenTime } from '../time.ts'

/** A receipt as the body of the 401 that hands it out (Identity API v3, "Multi-factor authentication"). */
export function receiptBody(receipt: IssuedReceipt): Record<string, unknown> {
  const { user } = receipt
  return {
    receipt: {
      methods: receipt.methods,
      user: { id: user.id, name: user.name, domain: { id: user.domain.id, name: user.domain.name } },
      expires_at: tokenTime(receipt.expiresAt),
      issued_at: tokenTime(receipt.issuedAt),
    },
    required_auth_methods: receipt.requiredMethods,
  }
}
