#!/usr/bin/env node
/**
 * `npx tokenhouse ...` and `npm start` in this repository: brings what is missing (Node, packages, the bundle), says so, and
 * goes on with the server's own program. The published package has its own: server/bin/tokenhouse.mjs.
 */
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleServer } from './bundle.mjs'
import { installDependencies } from './dependencies.mjs'
import { LaunchError, say } from './messages.mjs'
import { findNode } from './node-runtime.mjs'
import { runProgram, stopWithParent } from './run-program.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
try {
  const node = findNode(root)
  await installDependencies(root)
  const program = bundleServer(root, node)
  // On a Node that is new enough the program runs in this very process: no second one to signal, kill or wait for.
  if (node === process.execPath) {
    stopWithParent()
    await import(pathToFileURL(program).href)
  } else await runProgram(node, [...process.execArgv, program, ...process.argv.slice(2)])
} catch (error) {
  if (!(error instanceof LaunchError)) throw error
  say(error.message)
  process.exitCode = 1
}
