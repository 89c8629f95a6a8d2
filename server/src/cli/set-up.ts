/** What `bootstrap` does, and `serve` where nothing is set up yet. */
import { chosenAdminPassword } from '../config.ts'
import type { Context } from '../context.ts'
import { bootstrap, completeHouse } from '../flows/bootstrap.ts'
import { isBootstrapped } from '../store/bootstrap.ts'
import { moveCloudFiles, writeCloudFiles } from './cloud-files.ts'

/**
 * Makes the first rows where they are missing; `authUrl` is the address clients use, `http://HOST:PORT/v3`. A password
 * that was set is kept in the cloud files, and nowhere else in the clear. With `reset` the first user gets a new
 * password. Gives whether a password was set.
 */
export async function setUp(
  ctx: Context,
  authUrl: string,
  options: { readonly reset?: boolean } = {},
): Promise<boolean> {
  const { settings } = ctx
  const chosen = chosenAdminPassword(settings)
  const { password } = await bootstrap(ctx, {
    password: chosen,
    identityUrl: authUrl,
    reset: options.reset ?? false,
  })
  if (password === null) moveCloudFiles(settings.dataDir, authUrl)
  else writeCloudFiles(settings.dataDir, { authUrl, password, region: settings.region })
  return password !== null
}

/** The same where nothing was set up yet; otherwise changes nothing but the address in the cloud files. */
export async function setUpOnce(ctx: Context, authUrl: string): Promise<void> {
  if (!(await isBootstrapped(ctx.store.db))) {
    await setUp(ctx, authUrl)
    return
  }
  await completeHouse(ctx)
  moveCloudFiles(ctx.settings.dataDir, authUrl)
}

/** The address clients use for the OpenStack face on `port`, as far as settings tell: `http://HOST:PORT/v3`. */
export function authUrlOf(settings: Context['settings'], port: number): string {
  const { host, publicUrl, tlsCert } = settings
  // An address that stands for all of them is none to connect to.
  const reached = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  const named = reached.includes(':') ? `[${reached}]` : reached
  const base = publicUrl ?? `${tlsCert === undefined ? 'http' : 'https'}://${named}:${port}`
  return base.endsWith('/v3') ? base : `${base}/v3`
}
