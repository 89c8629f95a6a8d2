/**
 * The Node this project runs on. Where the machine's own Node is older than 24, one is brought from the npm registry into
 * the git-ignored folder `.node/`, pinned by the sha512 in `node-pins.json`. Not for installing Node for anything else:
 * nothing outside the repository is touched.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { LaunchError, say } from './messages.mjs'
import { npmCommand } from './npm.mjs'

/** The oldest Node major version that has what the server uses (built-in SQLite, TypeScript without a build). */
export const oldestNode = 24

/**
 * @typedef {{ package: string, version: string, file: string, integrity: string }} NodePin
 *   a registry package, the path of the executable in its tarball, and the tarball's sha512 in SRI form
 */

/**
 * The path of a Node that is new enough: the running one, the one brought earlier, or one brought now.
 * @param {string} root the repository
 * @returns {string}
 * @throws {LaunchError} when no Node is known for this platform, the registry gives none, or its bytes are not the pinned ones
 */
export function findNode(root) {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const pins = JSON.parse(readFileSync(new URL('node-pins.json', import.meta.url), 'utf8'))
  const pin = pins[platform]
  if (!pin || isMusl()) {
    throw new LaunchError(
      `Node ${oldestNode} or newer is needed, this is ${process.version}, and the registry has none for ${platform}` +
        `${isMusl() ? ' with musl' : ''}: install Node ${oldestNode} and start again`,
    )
  }
  const node = join(root, '.node', `${pin.package}-${pin.version}`, pin.file.split('/').at(-1))
  if (!existsSync(node)) bringNode(pin, node)
  return node
}

/**
 * Fetches the pinned package with the user's own npm (so with its registry and proxy settings), checks every byte of the
 * tarball against the pin, and puts the executable at `node` in one rename: two launchers at once both end with a whole file.
 * @param {NodePin} pin
 * @param {string} node where the executable shall be
 * @throws {LaunchError}
 */
export function bringNode(pin, node) {
  const spec = `${pin.package}@${pin.version}`
  say(
    `this is Node ${process.version}, Node ${oldestNode} is needed: bringing ${spec} from the npm registry into .node/`,
  )
  const folder = dirname(node)
  mkdirSync(dirname(folder), { recursive: true })
  const work = mkdtempSync(`${folder}.part-`)
  try {
    const tarball = verified(pin, download(spec, work))
    const fresh = join(work, 'fresh')
    mkdirSync(fresh)
    const file = join(fresh, node.slice(folder.length + 1))
    writeFileSync(file, fileInTar(gunzipSync(tarball), pin.file))
    chmodSync(file, 0o755)
    try {
      renameSync(fresh, folder)
    } catch (error) {
      if (!existsSync(node)) throw error // otherwise another launcher was first: its file passed the same check
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/**
 * @param {string} spec
 * @param {string} folder
 * @returns {Buffer} the tarball
 */
function download(spec, folder) {
  const { command, args, options } = npmCommand([
    'pack',
    spec,
    '--pack-destination',
    folder,
    '--ignore-scripts',
    '--loglevel=error',
  ])
  const { status, stderr, error } = spawnSync(command, args, { ...options, cwd: folder, encoding: 'utf8' })
  const name = status === 0 ? readdirSync(folder).find((entry) => entry.endsWith('.tgz')) : undefined
  if (!name)
    throw new LaunchError(
      `npm could not fetch ${spec}: ${error?.message ?? stderr?.trim() ?? `exit ${status}`}`,
    )
  return readFileSync(join(folder, name))
}

/**
 * @param {NodePin} pin
 * @param {Buffer} tarball
 * @returns {Buffer} the same bytes, now known to be the pinned ones
 */
function verified(pin, tarball) {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  if (integrity === pin.integrity) return tarball
  throw new LaunchError(
    `${pin.package}@${pin.version} is not the pinned package and was thrown away\n  expected ${pin.integrity}\n  received ${integrity}`,
  )
}

/**
 * The bytes of one file of a tar archive (ustar: 512-byte headers; name at 0, octal size at 124; data padded to 512).
 * @param {Buffer} tar
 * @param {string} name
 * @returns {Buffer}
 */
function fileInTar(tar, name) {
  for (let at = 0; at + 512 <= tar.length; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0
    const entry = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    if (entry === name) return tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new LaunchError(`the package holds no ${name}`)
}

/** The registry's Linux builds are linked against glibc; Alpine and its kin have musl. */
function isMusl() {
  if (process.platform !== 'linux') return false
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (
    process.report?.getReport() ?? {}
  )
  return !report.header?.glibcVersionRuntime
}
