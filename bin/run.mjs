#!/usr/bin/env node
/**
 * `node bin/run.mjs tools/NAME.ts ARGUMENTS`: runs a TypeScript file of this repository, unbuilt, on the Node and with the
 * packages it needs. The npm scripts of the day go through it.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDependencies } from './dependencies.mjs'
import { LaunchError, say } from './messages.mjs'
import { findNode } from './node-runtime.mjs'
import { runProgram } from './run-program.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
try {
  const node = findNode(root)
  await installDependencies(root)
  await runProgram(node, ['-C', 'development', ...process.argv.slice(2)])
} catch (error) {
  if (!(error instanceof LaunchError)) throw error
  say(error.message)
  process.exitCode = 1
}
