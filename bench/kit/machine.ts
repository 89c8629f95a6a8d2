/** What the operating system knows: CPU time and memory of processes (Linux), and which machine this is. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { root } from '../../tools/step.ts'

const TICKS_PER_SECOND = 100

/** CPU time of a process so far, its threads included, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

export function cpuMsOfAll(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
}

/** Resident memory of a process now and at most, in MB. */
export function memoryOf(pid: number): { readonly nowMb: number; readonly peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
  return { nowMb: mb('VmRSS'), peakMb: mb('VmHWM') }
}

/** CPU time of the whole machine so far, in milliseconds: what it was busy, and what its host gave to others meanwhile. */
export function machineMs(): { readonly busy: number; readonly stolen: number } {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .slice(1)
    .map((ticks) => (Number(ticks) * 1000) / TICKS_PER_SECOND)
  return { busy: user + nice + system + irq + softIrq + steal, stolen: steal }
}

/** Load when the measurement began, its own not counted. */
const load = (loadavg()[0] ?? 0).toFixed(1)
const before = machineMs()

/** One line for results: processor, cores, memory, Node, commit, and what else the machine and its host did. */
export function machineLine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  const memory = Math.round(totalmem() / 1024 ** 3)
  const { busy, stolen } = machineMs()
  const toOthers = ((stolen - before.stolen) / (busy - before.busy)) * 100
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${memory} GB, Linux, Node ${process.version}, commit ${commit}, load ${load} before, ${toOthers.toFixed(0)} % of its time taken by the host`
}
