/** The guards of policies made of statements, for `npm run mutants`. */
import type { Guard } from './guards.ts'

const at = 'server/src/core/policy/statements'
const tests = `${at}/statements.test.ts`

export const policyGuards: readonly Guard[] = [
  {
    file: `${at}/evaluate.ts`,
    code: 'if (notResources && meant(notResources)) return false',
    without: '',
    tests,
  },
  { file: `${at}/ip.ts`, code: ' || from.bits !== given.bits ||', without: ' ||', tests },
  { file: `${at}/ip.ts`, code: ' || to.bits !== given.bits)', without: ')', tests },
  {
    file: `${at}/ip.ts`,
    code: '!given || rest.length > 0 || from.bits',
    without: '!given || from.bits',
    tests,
  },
  {
    file: `${at}/ip.ts`,
    code: 'if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined',
    without: 'if (missing < 0) return undefined',
    tests,
  },
  { file: `${at}/parse.ts`, code: 'if (resources && notResources)', without: 'if (false)', tests },
  {
    file: `${at}/parse.ts`,
    code: 'if (list.length === 0) throw new Fault(at',
    without: 'if (false) throw new Fault(at',
    tests,
  },
  {
    file: `${at}/parse.ts`,
    code: 'if (list.length === 0) throw new Fault(where',
    without: 'if (false) throw new Fault(where',
    tests,
  },
]
