import { certificateOf } from '../certificate.ts'
import { refusePlainHttp } from '../config.ts'
import type { CommandInput } from './command.ts'

/** `tokenhouse serve` */
export async function run({ settings, serve, print }: CommandInput): Promise<void> {
  refusePlainHttp(settings)
  certificateOf(settings)
  await serve(settings, print.line)
}
