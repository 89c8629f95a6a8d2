import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseFernetKey } from '@tokenhouse/tokens'
import { importFernetKeys } from '../keys.ts'
import { CommandError, type CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse keys import FOLDER`: replaces the Fernet keys by those of a Keystone repository. */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  const folder = args[0]!
  const names = readdirSync(folder).filter((name) => /^\d{1,9}$/.test(name))
  if (names.length === 0) throw new CommandError(`${folder} holds no key files (0, 1, 2, ...)`)
  const incoming = names.map((name) => ({ index: Number(name), text: keyIn(join(folder, name)) }))
  await withContext(settings, (ctx) => importFernetKeys(ctx.store, ctx.keys, incoming, ctx.now()))
  print.line(`imported ${incoming.length} keys; tokens made with the earlier ones are void`)
}

function keyIn(file: string): string {
  const text = readFileSync(file, 'utf8').trim()
  try {
    parseFernetKey(text)
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`)
  }
  return text
}
