/** How long until it is ready? From the start of the process to the `ready` line on an existing database, beside a bare Node server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../tools/running-server.ts'
import { startFloor } from './kit/floor.ts'
import { median } from './kit/load.ts'
import { report } from './kit/report.ts'
import { bundle, nodeFlags, startTokenhouse } from './kit/target.ts'

const STARTS = 11

const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-bench-'))
try {
  const first = await startTokenhouse([], dataDir)
  const firstMs = first.server.readyMs
  await first.stop()
  const bareMs: number[] = []
  const bundleMs: number[] = []
  const launcherMs: number[] = []
  for (let n = 0; n < STARTS; n++) {
    const began = performance.now()
    const floor = await startFloor()
    bareMs.push(performance.now() - began)
    await floor.stop()
    for (const [program, times] of [
      [bundle, bundleMs],
      ['bin/tokenhouse.mjs', launcherMs],
    ] as const) {
      const server = await startServer({
        dataDir,
        adminPassword: 'Bench-Password-1',
        program: [...nodeFlags, program],
      })
      times.push(server.readyMs)
      await server.stop()
    }
  }
  const row = (name: string, times: readonly number[]): string[] => [
    name,
    median(times).toFixed(0),
    Math.min(...times).toFixed(0),
    Math.max(...times).toFixed(0),
  ]
  report(
    { question: 'Start on an existing database' },
    [
      ['row', 'median ms', 'best ms', 'worst ms'],
      row('bare node:http from a TypeScript file', bareMs),
      row('tokenhouse, bundle', bundleMs),
      row('tokenhouse, through its launcher', launcherMs),
      row('the very first start (sets up the database)', [firstMs]),
    ],
    [{ text: 'ready in under 1 second (median, bundle)', reached: median(bundleMs) < 1000 }],
  )
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
