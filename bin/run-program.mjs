/** Programs that this process starts and stands for: same input and output, same signals, same exit. */
import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { LaunchError } from './messages.mjs'

/**
 * npm and npx start programs through a shell, which a SIGTERM ends without telling the program. Who was started that way is
 * told to stop when that shell is gone.
 */
export function stopWithParent() {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  watch.unref()
}

/**
 * Runs a program on a Node, as if it were this process.
 * @param {string} node
 * @param {readonly string[]} args Node's own flags, the program, its arguments
 * @returns {Promise<never>} ends this process with the program's exit code, or by the signal that ended it
 */
export async function runProgram(node, args) {
  stopWithParent()
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` }
  process.exit(await finished(spawn(node, args, { stdio: 'inherit', env })))
}

/**
 * Waits for a child, handing it the signals this process gets. When one of them ended the child, it ends this process too.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} its exit code
 */
export function finished(child) {
  const signals = /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])
  const handed = signals.map((signal) => ({ signal, hand: () => void child.kill(signal) }))
  for (const { signal, hand } of handed) process.on(signal, hand)
  return new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new LaunchError(`${child.spawnfile} cannot be started: ${error.message}`)),
    )
    child.on('exit', (code, signal) => {
      for (const { signal: name, hand } of handed) process.off(name, hand)
      if (signal) process.kill(process.pid, signal)
      else resolve(code ?? 1)
    })
  })
}
