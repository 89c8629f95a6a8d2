/**
 * The clock of the service, in microseconds since the epoch. It never goes back, so that what happens later is dated
 * later; where the machine's clock jumps ahead (it slept, was restored, or is set by NTP after the start) it follows.
 */
export function createClock(
  wall: () => number = Date.now,
  steady: () => number = () => performance.now(),
): () => number {
  let ahead = Number.NEGATIVE_INFINITY
  return () => {
    const elapsed = steady()
    ahead = Math.max(ahead, wall() - elapsed)
    return Math.round((ahead + elapsed) * 1000)
  }
}
