/**
 * The guards that `npm run mutants` takes out one at a time. A row names a file, a piece of it that occurs once, what is put in
 * its place, and the tests that must notice. Every security check of the service belongs here.
 */
import { accountGuards } from './account-guards.ts'
import { alibabaGuards } from './alibaba-guards.ts'
import { clientGuards } from './client-guards.ts'
import { delegationGuards } from './delegation-guards.ts'
import { engineGuards } from './engine-guards.ts'
import { federationGuards } from './federation-guards.ts'
import { huaweiGuards } from './huawei-guards.ts'
import { lendingGuards } from './lending-guards.ts'
import { nacosGuards } from './nacos-guards.ts'
import { policyGuards } from './policy-guards.ts'
import { projectGuards } from './project-guards.ts'
import { roleGuards } from './role-guards.ts'
import { samlGuards } from './saml-guards.ts'
import { sessionGuards } from './session-guards.ts'
import { stsGuards } from './sts-guards.ts'
import { surfaceGuards } from './surface-guards.ts'
import { userGuards } from './user-guards.ts'

export interface Guard {
  readonly file: string
  readonly code: string
  readonly without: string
  readonly tests: string
}

export const guards: readonly Guard[] = [
  {
    file: 'server/src/config.ts',
    code: 'if (isLoopback(host) ||',
    without: 'if (true ||',
    tests: 'server/src/config.test.ts',
  },
  {
    file: 'server/src/config.ts',
    code: 'if (field === undefined) throw unknown(',
    without: 'if (field === undefined) continue; else if (false) throw unknown(',
    tests: 'server/src/config.test.ts',
  },
  {
    file: 'server/src/flows/validate-token.ts',
    code: 'return memory?.epoch === ctx.store.epoch() ? memory : undefined',
    without: 'return memory',
    tests: 'server/src/dialects/keystone/tokens/hot-validate.test.ts',
  },
  {
    file: 'server/src/flows/trust-holder.ts',
    code: 'if (claims.userId !== trust.trusteeUserId) {',
    without: 'if (!claims.userId) {',
    tests: 'server/src/dialects/keystone/trusts/trusts.test.ts',
  },
  {
    file: 'server/src/setting-kinds.ts',
    code: "if (given === 'true' || given === 'false') return given === 'true'",
    without: 'return Boolean(given)',
    tests: 'server/src/config.test.ts',
  },
  {
    file: 'bin/node-runtime.mjs',
    code: 'if (integrity === pin.integrity) return tarball',
    without: 'return tarball',
    tests: 'bin/launcher.test.ts',
  },
  {
    file: 'server/src/log.ts',
    code: 'message: redacted(message),',
    without: 'message,',
    tests: 'server/src/log.test.ts',
  },
  ...accountGuards,
  ...clientGuards,
  ...engineGuards,
  ...delegationGuards,
  ...federationGuards,
  ...huaweiGuards,
  ...projectGuards,
  ...alibabaGuards,
  ...lendingGuards,
  ...nacosGuards,
  ...policyGuards,
  ...roleGuards,
  ...samlGuards,
  ...sessionGuards,
  ...stsGuards,
  ...surfaceGuards,
  ...userGuards,
]
