/** A guard on a clock that tests move, before a token service double; both end with the test. */
import type { TestContext } from 'node:test'
import { buildGuard, type Guard, type GuardedRequest } from '../src/guard.ts'
import type { GuardOptions, Problem } from '../src/options.ts'
import { type KeystoneDouble, PASSWORD, startKeystoneDouble } from './keystone-double.ts'

export interface Kit {
  readonly guard: Guard
  readonly keystone: KeystoneDouble
  readonly problems: Problem[]
  /** Moves both clocks of the guard. */
  readonly pass: (seconds: number) => void
  /** Moves the wall clock alone, as somebody who sets it does. */
  readonly setWall: (seconds: number) => void
}

export async function kit(test: TestContext, more: Partial<GuardOptions> = {}): Promise<Kit> {
  const keystone = await startKeystoneDouble()
  let passedMs = 0
  let wallMs = 0
  const problems: Problem[] = []
  const guard = buildGuard(
    {
      authUrl: keystone.url,
      credentials: { username: 'svc', userDomainId: 'default', password: PASSWORD, projectName: 'service' },
      timeoutMs: 60_000,
      onProblem: (problem) => problems.push(problem),
      ...more,
    },
    { wallMs: () => Date.now() + passedMs + wallMs, monotonicMs: () => 1000 + passedMs },
  )
  test.after(async () => {
    guard.close()
    await keystone.close()
  })
  return {
    guard,
    keystone,
    problems,
    pass: (seconds) => {
      passedMs += seconds * 1000
    },
    setWall: (seconds) => {
      wallMs += seconds * 1000
    },
  }
}

/** `GET /v3/p1/instances` with a token. */
export function call(token: string | undefined, more: Partial<GuardedRequest> = {}): GuardedRequest {
  return {
    method: 'GET',
    url: '/v3/p1/instances',
    headers: token === undefined ? {} : { 'x-auth-token': token },
    ...more,
  }
}
