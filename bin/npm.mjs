/**
 * How to call the user's npm. On Windows npm is a command file, which only a shell can start.
 * Called by the machine's own Node, whichever it is: npm belongs to that one.
 * @param {readonly string[]} args
 * @returns {{ command: string, args: string[], options: { shell: boolean, env: NodeJS.ProcessEnv } }}
 */
export function npmCommand(args) {
  const windows = process.platform === 'win32'
  return {
    command: windows ? 'npm.cmd' : 'npm',
    args: windows ? args.map((arg) => `"${arg}"`) : [...args],
    options: { shell: windows, env: { ...process.env, npm_config_update_notifier: 'false' } },
  }
}
