import { type CommandInput, UsageError } from './command.ts'
import { operatorPolicy } from './operator-policy.ts'

/** `tokenhouse policy check`: reads the operator's file as a start would. False when it names rules that do not exist. */
export async function run({ settings, print }: CommandInput): Promise<boolean> {
  if (settings.policyFile === undefined) throw new UsageError('--policy-file is needed')
  const { rules, unused } = operatorPolicy(settings)
  print.record({ replaced: rules.filter(({ line }) => line !== null).length, unknown: unused })
  return unused.length === 0
}
