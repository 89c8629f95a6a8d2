/** Bundles server/src into server/dist, when a source is newer than the bundle. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchError, say } from './messages.mjs'

/**
 * @param {string} root the repository
 * @param {string} node a Node that runs TypeScript
 * @returns {string} the program to run
 * @throws {LaunchError} when the sources do not compile
 */
export function bundleServer(root, node) {
  const bundle = join(root, 'server', 'dist', 'tokenhouse.mjs')
  const built = statSync(bundle, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = ['tokens/src', 'server/src', 'server/package.json', 'package-lock.json', 'tools/build.ts']
  if (sources.some((path) => newest(join(root, path)) > built)) {
    if (built === 0) say('building server/dist')
    mkdirSync(join(root, 'server', 'dist'), { recursive: true })
    const { status, error } = spawnSync(node, ['-C', 'development', join(root, 'tools', 'build.ts')], {
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) throw new LaunchError(`the build failed: ${error?.message ?? `exit ${status}`}`)
  }
  return join(root, 'server', 'bin', 'tokenhouse.mjs')
}

/**
 * The newest change below a path, in milliseconds; a folder's own time tells of deleted files.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((time, name) => Math.max(time, newest(join(path, name))), stat.mtimeMs)
}
