import manifest from '../../package.json' with { type: 'json' }
import type { CommandInput } from './command.ts'

/** `tokenhouse version` */
export async function run({ print }: CommandInput): Promise<void> {
  print.record({ tokenhouse: manifest.version, node: process.versions.node })
}
