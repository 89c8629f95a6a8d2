/**
 * The floor: what bare node:http on this Node gives, in a process of its own. It answers prebuilt bodies of the sizes it is
 * told, or reads and parses a JSON body first, as any server must that answers the same question.
 *
 *   GET or HEAD /size/N      200 with N bytes
 *   POST /parse/N            parses the body, 201 with N bytes
 *   POST /HASH/N             and verifies a password first, by argon2id or bcrypt
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { type Hash, STORED } from './kdf-floor.ts'

export interface Floor {
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** `threads`: how many passwords it hashes at once. */
export async function startFloor(threads = Math.max(1, availableParallelism() - 1)): Promise<Floor> {
  const program = ['-C', 'development', import.meta.filename, 'serve', String(threads)]
  const child = spawn(process.execPath, program, {
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads + 4) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): boolean => child.kill()
  process.once('exit', kill)
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume()
    return {
      url: line,
      pid: child.pid ?? 0,
      stop: async () => {
        child.kill()
        await once(child, 'exit')
        process.off('exit', kill)
      },
    }
  }
  throw new Error('the floor did not start')
}

function serve(threads: number): void {
  const bodies = new Map<string, Buffer>()
  const bodyOf = (size: string): Buffer => {
    const kept = bodies.get(size) ?? Buffer.alloc(Number(size), 'x')
    bodies.set(size, kept)
    return kept
  }
  const answer = (response: ServerResponse, status: number, url: string, withBody: boolean): void => {
    const body = bodyOf(url.slice(url.lastIndexOf('/') + 1))
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(withBody ? body : undefined)
  }
  const lanes = Array.from({ length: threads }, () => Promise.resolve())
  /** Not for who has left meanwhile: their hashes would weigh on whatever is measured next. */
  const hashInTurn = async (hash: Hash, response: ServerResponse): Promise<void> => {
    const lane = lanes.shift() ?? Promise.resolve()
    const turn = lane.then(async () => void (response.destroyed || (await STORED[hash]())))
    lanes.push(turn)
    await turn
  }
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    if (request.method !== 'POST') return answer(response, 200, url, request.method === 'GET')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString('utf8'))
      const hash = url.split('/')[1] ?? ''
      if (Object.hasOwn(STORED, hash))
        hashInTurn(hash as Hash, response).then(() => answer(response, 201, url, true))
      else answer(response, 201, url, true)
    })
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  )
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve(Number(process.argv[3]))
