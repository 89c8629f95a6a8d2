import type { CommandInput } from './command.ts'
import { operatorPolicy } from './operator-policy.ts'

/** `tokenhouse policy list [--changed]`: the rules in force. */
export async function run({ settings, options, print }: CommandInput): Promise<void> {
  const { rules } = operatorPolicy(settings)
  print.table(
    rules
      .filter(({ line }) => line !== null || !options['changed'])
      .map(({ name, check, scopeTypes, line }) => ({
        name,
        scopes: scopeTypes.join(' '),
        from: line === null ? 'built in' : `line ${line}`,
        check: typeof check === 'string' ? check : JSON.stringify(check),
      })),
  )
}
