/** What the launcher says goes to stderr: stdout belongs to the program it launches. */

/** A reason for not going on, told to the user without a stack. */
export class LaunchError extends Error {}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`tokenhouse: ${text}\n`)
}
