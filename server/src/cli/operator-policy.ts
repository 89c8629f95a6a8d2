import { readFileSync } from 'node:fs'
import { type Settings, SettingsError } from '../config.ts'
import { PolicyError } from '../core/policy/check.ts'
import type { CompiledPolicy } from '../core/policy/compile.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'

/** The rules in force: the built-in ones with the operator's file over them. Refuses a file that is not understood. */
export function operatorPolicy(settings: Settings): CompiledPolicy {
  const { policyFile, enforceScope, enforceNewDefaults } = settings
  try {
    const text = policyFile === undefined ? '' : readFileSync(policyFile, 'utf8')
    return keystonePolicy(text, { enforceScope, enforceNewDefaults })
  } catch (error) {
    const known = error instanceof PolicyError || (error instanceof Error && 'syscall' in error)
    if (!known) throw error
    throw new SettingsError('policy-file', `${policyFile}: ${error.message}`)
  }
}
