/**
 * Why a text is not a token. Decoders return this instead of throwing: whoever sends bytes decides what they are, so
 * bad bytes are an expected answer. The reason is for the audit trail; no wire repeats it, because telling a stranger
 * how far a forged token got is help.
 */
export type RefusedReason =
  /** Not this format at all: length, alphabet, padding, a second spelling of the same bytes, a header we refuse. */
  | 'malformed'
  /** No key of the keyring made it. */
  | 'not_authentic'
  /** Made by one of our keys, but its payload is of a kind we do not know. */
  | 'unknown_version'
  /** Made by one of our keys, proved with an authentication method this server is not configured with. */
  | 'unknown_method'
  /** Made by one of our keys, but what is inside does not hold together. */
  | 'bad_payload'

export interface Refused {
  readonly refused: RefusedReason
  /** One line for operators, never for callers. Holds nothing of the token's content. */
  readonly detail: string
}

/** Thrown inside the decoders and caught at their edge; never leaves this package. */
export class Malformed extends Error {
  readonly reason: RefusedReason

  constructor(detail: string, reason: RefusedReason = 'bad_payload') {
    super(detail)
    this.reason = reason
  }
}

/** Runs a decoder; a `Malformed` becomes a `Refused`, every other error is a fault of ours and passes. */
export function orRefused<T>(decode: () => T): T | Refused {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Malformed) return { refused: error.reason, detail: error.message }
    throw error
  }
}
