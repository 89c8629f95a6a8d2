/** Guards in front of configuration and naming: signatures, tenants, and the brake on refusals. */
import type { Guard } from './guards.ts'

const at = 'server/src/dialects/nacos'
const tests = `${at}/nacos.test.ts`

export const nacosGuards: readonly Guard[] = [
  {
    file: `${at}/guard.ts`,
    code: "if (!isTimely(timestamp, Math.floor(ctx.now() / 1000))) refuse('unauthenticated', 'time outside the window')",
    without: '',
    tests,
  },
  { file: `${at}/guard.ts`, code: 'if (!key || !proved) return', without: 'if (!key) return', tests },
  {
    file: `${at}/guard.ts`,
    code: "if (!same) refuse('unauthenticated', 'another service is signed than is asked for')",
    without: '',
    tests,
  },
  {
    file: `${at}/guard.ts`,
    code: "if (header(headers, 'spas-securitytoken') !== '')",
    without: "if (header(headers, 'spas-securitytoken') === 'never')",
    tests,
  },
  {
    file: `${at}/guard.ts`,
    code: "const region = signed.v4 ? (key?.namespace.regionId.split(':')[0] ?? '') : undefined",
    without: 'const region = undefined',
    tests,
  },
  { file: `${at}/wire.ts`, code: 'tenants.every(own)', without: 'tenants.some(own)', tests },
  {
    file: `${at}/wire.ts`,
    code: 'if (!proofMissing || !brake.note(address, ctx.now())) throw error',
    without: 'if (proofMissing || !brake.note(address, ctx.now())) throw error',
    tests,
  },
  {
    file: `${at}/parameters.ts`,
    code: "if (read.has(name)) refuse('bad_request', 'a parameter is given twice')",
    without: '',
    tests,
  },
  {
    file: `${at}/long-poll.ts`,
    code: 'if (key?.tenantId !== tenantId) refuse(',
    without: 'if (key?.tenantId === null) refuse(',
    tests,
  },
  {
    file: 'server/src/core/spas.ts',
    code: 'Math.abs(Number(timestamp) - now) <= SPAS_WINDOW_MS',
    without: 'Number(timestamp) - now <= SPAS_WINDOW_MS',
    tests,
  },
  {
    file: `${at}/guard.ts`,
    code: "if (parameters.has('Spas-SecurityToken')) refuse(",
    without: 'if (false) refuse(',
    tests,
  },
  {
    file: 'server/src/dialects/nacos/parameters.ts',
    code: 'if (pairs.length > MOST) refuse(',
    without: 'if (false) refuse(',
    tests: 'server/src/dialects/nacos/nacos.test.ts',
  },
]
