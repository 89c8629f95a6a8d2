import { Refusal } from '../core/refusal.ts'
import { readToken, validateToken } from '../flows/validate-token.ts'
import type { CommandInput } from './command.ts'
import { readInput } from './input.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse token inspect [TOKEN]`: what a token says, and whether it holds now. Reads stdin without an argument. */
export async function run({ settings, args, print }: CommandInput): Promise<boolean> {
  const text = args[0] ?? (await readInput('-')).trim()
  return withContext(settings, async (ctx) => {
    try {
      const { issuedAt, expiresAt, ...claims } = await readToken(ctx, text)
      const times = { issuedAt: isoOf(issuedAt), expiresAt: isoOf(expiresAt) }
      const refused = await validateToken(ctx, text).then(() => null, reasonOf)
      print.record({ valid: refused === null, ...(refused === null ? {} : { refused }), ...claims, ...times })
      return refused === null
    } catch (error) {
      print.record({ valid: false, refused: reasonOf(error) })
      return false
    }
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.reason
  throw error
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
