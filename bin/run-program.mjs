/** Runs a program on a Node, as if it were this process: same input and output, same signals, same exit. */
import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'

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
 * @param {string} node
 * @param {readonly string[]} args Node's own flags, the program, its arguments
 * @returns {Promise<never>} ends this process with the program's exit code, or by the signal that ended it
 */
export function runProgram(node, args) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` }
  const child = spawn(node, args, { stdio: 'inherit', env })
  stopWithParent()
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal))
  }
  return new Promise((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (signal) {
        process.removeAllListeners(signal)
        process.kill(process.pid, signal)
      } else {
        process.exit(code ?? 1)
      }
    })
  })
}
