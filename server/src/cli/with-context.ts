import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Context, closeContext, openContext } from '../context.ts'
import { makeFolder } from '../make-folder.ts'
import type { Settings } from '../settings.ts'
import { CommandError } from './command.ts'

/** Runs `act` on the data that the settings name, beside a server that may be running on it, and closes it again. */
export async function withContext<T>(settings: Settings, act: (ctx: Context) => Promise<T>): Promise<T> {
  const file = databaseFile(settings)
  // Opening would make an empty database, which hides a mistyped folder.
  if (file !== undefined && !existsSync(file)) {
    throw new CommandError(
      `there is no database ${file}: run tokenhouse bootstrap, or start tokenhouse serve`,
    )
  }
  const ctx = await openContext(settings)
  try {
    return await act(ctx)
  } finally {
    await closeContext(ctx)
  }
}

/** Makes the folders of the data and the database, closed to everybody else, where they are missing. */
export function makeDataFolders(settings: Settings): void {
  const file = databaseFile(settings)
  makeFolder(settings.dataDir)
  if (file !== undefined) makeFolder(dirname(file))
}

/** The file of an embedded database on disk. */
export function databaseFile({ databaseUrl }: Settings): string | undefined {
  const file = /^sqlite:(.+)$/.exec(databaseUrl)?.[1]
  return file === ':memory:' ? undefined : file
}
