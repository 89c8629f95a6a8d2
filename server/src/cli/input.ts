/** What a command reads besides its arguments: a file the user names, or standard input. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'

/**
 * The text of `file`, or of standard input where it is `-`. Standard input is awaited, not read at once: on a pipe that
 * nobody has written to yet a synchronous read fails with EAGAIN.
 */
export async function readInput(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readFile(file, 'utf8')
}
