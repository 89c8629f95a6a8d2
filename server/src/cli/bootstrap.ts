import { existsSync } from 'node:fs'
import { closeContext, openContext } from '../context.ts'
import { addressOfCloudFile, cloudFilesOf } from './cloud-files.ts'
import { type CommandInput, UsageError } from './command.ts'
import { authUrlOf, setUp } from './set-up.ts'
import { makeDataFolders } from './with-context.ts'

const DEFAULT_ADDRESS = 'http://127.0.0.1:5000/v3'

/** `tokenhouse bootstrap [--reset-password]` */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const { port, publicUrl, dataDir } = settings
  if (publicUrl === undefined && (port === 0 || port === 'off')) {
    throw new UsageError('the address of the identity service is needed: give --port or --public-url')
  }
  const told = authUrlOf(settings, Number(port))
  // Where nothing else is told, the server that may be running on the data knows better where it listens.
  const authUrl = told === DEFAULT_ADDRESS ? (addressOfCloudFile(dataDir) ?? told) : told
  makeDataFolders(settings)
  const ctx = await openContext(settings)
  try {
    const made = await setUp(ctx, authUrl, { reset: options['resetPassword'] === true })
    const { cloudsYaml } = cloudFilesOf(dataDir)
    print.record({ passwordSet: made, credentials: existsSync(cloudsYaml) ? cloudsYaml : null, authUrl })
  } finally {
    await closeContext(ctx)
  }
}
