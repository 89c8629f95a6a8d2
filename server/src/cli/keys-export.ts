import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exportFernetKeys } from '../keys.ts'
import { makeFolder } from '../make-folder.ts'
import { CommandError, type CommandInput } from './command.ts'
import { withContext } from './with-context.ts'

/** `tokenhouse keys export FOLDER`: Keystone's Fernet repository, one file a key, named by its number. */
export async function run({ settings, args, print }: CommandInput): Promise<void> {
  const folder = resolve(args[0]!)
  const numbered = await withContext(settings, (ctx) => exportFernetKeys(ctx.store, ctx.keys))
  makeFolder(folder)
  if (readdirSync(folder).length > 0) throw new CommandError(`${folder} is not empty: keys would mix`)
  for (const { index, text } of numbered)
    writeFileSync(join(folder, String(index)), text, { mode: 0o600, flag: 'wx' })
  print.line(`wrote ${numbered.length} keys to ${folder}`)
}
