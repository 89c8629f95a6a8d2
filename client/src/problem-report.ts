/** Tells the operator what is wrong, at most once in ten seconds for each kind: a storm of requests is no storm of logs. */
import type { Clock, Problem } from './options.ts'

const SILENCE_MS = 10_000

export function createProblemReport(
  onProblem: ((problem: Problem) => void) | undefined,
  clock: Clock,
): (problem: Problem) => void {
  const silentUntilMs = new Map<Problem['code'], number>()
  const tell = onProblem ?? warn
  return (problem) => {
    const nowMs = clock.monotonicMs()
    if (nowMs < (silentUntilMs.get(problem.code) ?? 0)) return
    silentUntilMs.set(problem.code, nowMs + SILENCE_MS)
    tell(problem)
  }
}

function warn({ code, detail }: Problem): void {
  process.emitWarning(`the token service cannot be asked (${code}): ${detail}`, { type: 'TokenGuardWarning' })
}
