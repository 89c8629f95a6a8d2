/**
 * The shape of the house, held by a test: who may import whom, what pure rooms may not say, how large things may grow.
 * A rule is changed in a commit of its own that says why.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'

const root = import.meta.dirname

/**
 * What each room may import: rooms by name (`x/*` is any room of that family, `type x` only its types), packages by name,
 * `node:*` for every module of Node's. The first row whose folder or file holds a source file is its room; a family
 * (`methods/*`) makes one room of each of its folders, and its rooms never see each other.
 */
const rooms: readonly { readonly room: string; readonly at: string; readonly may: readonly string[] }[] = [
  { room: 'tokens', at: 'tokens/src/', may: ['node:crypto'] },
  { room: 'client', at: 'client/src/', may: ['tokens', 'node:*', 'type fastify', 'type express'] },
  { room: 'core', at: 'server/src/core/', may: ['type tokens'] },
  {
    room: 'store',
    at: 'server/src/store/',
    may: [
      'core',
      'type tokens',
      'kysely',
      'pg',
      'node:sqlite',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
    ],
  },
  {
    room: 'hashing',
    at: 'server/src/hashing/',
    may: ['core', 'node:*', '@node-rs/argon2', '@node-rs/bcrypt'],
  },
  {
    room: 'methods/*',
    at: 'server/src/methods/',
    may: [
      'hashing',
      'store',
      'core',
      'tokens',
      'type context',
      'type config',
      'node:*',
      '@xmldom/xmldom',
      'jose',
      'openid-client',
      'xml-crypto',
    ],
  },
  {
    room: 'flows',
    at: 'server/src/flows/',
    may: ['methods/*', 'hashing', 'store', 'core', 'tokens', 'keys', 'type context', 'type config', 'node:*'],
  },
  {
    room: 'http',
    at: 'server/src/http/',
    may: ['core', 'type context', 'fastify', 'typebox', 'ajv', 'node:*'],
  },
  {
    room: 'dialects/*',
    at: 'server/src/dialects/',
    may: [
      'http',
      'flows',
      // What a method takes is read from the request here.
      'type methods/*',
      'hashing',
      'store',
      'core',
      'type context',
      'type config',
      'typebox',
      'node:*',
    ],
  },
  {
    room: 'cli',
    at: 'server/src/cli/',
    may: ['config', 'folders', 'keys', 'context', 'flows', 'store', 'core', 'tokens', 'commander', 'node:*'],
  },
  { room: 'keys', at: 'server/src/keys.ts', may: ['folders', 'store', 'core', 'tokens', 'node:*'] },
  { room: 'folders', at: 'server/src/make-folder.ts', may: ['node:*'] },
  { room: 'clock', at: 'server/src/clock.ts', may: [] },
  { room: 'config', at: 'server/src/config.ts', may: ['config', 'smol-toml', 'node:*'] },
  { room: 'config', at: 'server/src/certificate.ts', may: ['config', 'node:*'] },
  { room: 'config', at: 'server/src/settings.ts', may: ['config', 'node:*'] },
  { room: 'config', at: 'server/src/setting-kinds.ts', may: ['node:*'] },
  {
    room: 'context',
    at: 'server/src/context.ts',
    may: ['config', 'clock', 'keys', 'store', 'core', 'tokens', 'hashing', 'node:*'],
  },
  { room: 'main', at: 'server/src/main.ts', may: ['*'] },
  { room: 'main', at: 'server/src/log.ts', may: ['*'] },
  { room: 'main', at: 'server/src/service.ts', may: ['*'] },
  { room: 'main', at: 'server/src/faces.ts', may: ['*'] },
  { room: 'testing', at: 'server/src/testing/', may: ['*'] },
]

/** Words that would bring the outside world into a pure room. */
const forbidden: readonly { readonly room: string; readonly words: readonly string[] }[] = [
  { room: 'core', words: ['Date.now', 'new Date()', 'Math.random', 'process.', 'fetch('] },
  { room: 'tokens', words: ['Date.now', 'new Date()', 'Math.random', 'process.', 'fetch('] },
]

/** Packages that one room alone may see. */
const keptIn: Readonly<Record<string, string>> = {
  kysely: 'store',
  pg: 'store',
  fastify: 'http',
  commander: 'cli',
}

const budgets = {
  runtimeDependencies: { server: 14, tokens: 0, client: 1 } as Readonly<Record<string, number>>,
  linesOfASourceFile: 500,
  fieldsOfContext: 6,
  parametersOfAFunction: 4,
}

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

interface Source {
  readonly path: string
  readonly room: string
  readonly text: string
  /** The text with comments blanked out, so that prose breaks no rule. */
  readonly code: string
  readonly imports: readonly Import[]
}

const sources: readonly Source[] = ['tokens/src', 'client/src', 'server/src']
  .flatMap(filesBelow)
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) =>
      comment.replace(/[^\n]/g, ' '),
    )
    return { path, room: roomOf(path), text, code, imports: importsOf(code) }
  })

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesBelow(path)
      return /(?<!\.test|-harness)\.(ts|mjs)$/.test(entry.name) ? [path] : []
    })
}

function roomOf(path: string): string {
  const row = rooms.find(({ at }) => path === at || (at.endsWith('/') && path.startsWith(at)))
  if (!row) return 'no room'
  if (!row.room.endsWith('/*')) return row.room
  const inside = path.slice(row.at.length).split('/')
  return row.room.replace('*', inside.length > 1 ? inside[0]! : '')
}

function importsOf(code: string): Import[] {
  const statements = code.matchAll(
    /^(?:import|export)\s(?:(type)\s)?(?:([^'";()=]*?)\sfrom\s)?['"]([^'"]+)['"]/gm,
  )
  const lazy = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [
    ...[...statements].map(([, type, names, from]) => ({
      from: from!,
      typeOnly: type === 'type' || onlyTypes(names),
    })),
    ...[...lazy].map(([, from]) => ({ from: from!, typeOnly: false })),
  ]
}

function onlyTypes(names: string | undefined): boolean {
  const listed = /^\{([\s\S]*)\}$/
    .exec(names?.trim() ?? '')?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return listed !== undefined && listed.length > 0 && listed.every((name) => name.startsWith('type '))
}

/** The repository path that a relative import names. */
function resolved(source: Source, from: string): string {
  return relative(root, join(root, dirname(source.path), from))
}

/** What the table calls an imported thing: a room, a package, or Node's module. */
function nameOf(source: Source, from: string): string {
  if (from.startsWith('.')) return roomOf(resolved(source, from))
  const own = /^@tokenhouse\/(\w+)$/.exec(from)
  if (own) return own[1]!
  return isBuiltin(from)
    ? from
    : from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/')
}

function mayImport(source: Source, { from, typeOnly }: Import): boolean {
  const name = nameOf(source, from)
  if (name === source.room || from.endsWith('/package.json')) return true
  const row = rooms.find(
    ({ room }) => room === source.room || (room.endsWith('/*') && source.room.startsWith(room.slice(0, -1))),
  )
  return (row?.may ?? []).some((permit) => {
    const typesOf = /^type (.*)$/.exec(permit)?.[1]
    if (typesOf !== undefined && !typeOnly) return false
    const permitted = typesOf ?? permit
    return permitted === name || (permitted.endsWith('*') && name.startsWith(permitted.slice(0, -1)))
  })
}

/** Asserts that nothing is found; the message lists every find, one a line. */
function assertNone(finds: readonly string[], rule: string): void {
  assert.ok(finds.length === 0, `${rule}:\n  ${finds.join('\n  ')}`)
}

describe('architecture', () => {
  it('gives every source file a room', () => {
    const stray = sources.filter(({ room }) => room === 'no room').map(({ path }) => path)
    assertNone(stray, 'files outside every room of the table')
  })

  for (const room of new Set(rooms.map((row) => row.room))) {
    it(`lets ${room} import only what its row permits`, () => {
      const inRoom = sources.filter(
        (source) =>
          source.room === room || (room.endsWith('/*') && source.room.startsWith(room.slice(0, -1))),
      )
      const breaches = inRoom.flatMap((source) =>
        source.imports
          .filter((one) => !mayImport(source, one))
          .map(
            ({ from, typeOnly }) =>
              `${source.path} imports ${typeOnly ? 'types of ' : ''}${from} (${nameOf(source, from)})`,
          ),
      )
      assertNone(breaches, `${room} may not import`)
    })
  }

  it('imports main from nowhere', () => {
    const breaches = sources.filter(
      (source) =>
        source.room !== 'testing' &&
        source.room !== 'main' &&
        source.imports.some(({ from }) => from.startsWith('.') && nameOf(source, from) === 'main'),
    )
    assertNone(
      breaches.map(({ path }) => path),
      'main is the end of every import',
    )
  })

  it('has no import cycle', () => {
    const next = new Map(
      sources.map((source) => [
        source.path,
        source.imports
          .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
          .map(({ from }) => resolved(source, from)),
      ]),
    )
    const done = new Set<string>()
    const walk = (path: string, trail: readonly string[]): string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')]
      if (done.has(path)) return []
      const cycles = (next.get(path) ?? []).flatMap((to) => walk(to, [...trail, path]))
      done.add(path)
      return cycles
    }
    assertNone(
      [...next.keys()].flatMap((path) => walk(path, [])),
      'cycles',
    )
  })

  for (const { room, words } of forbidden) {
    it(`keeps the outside world out of ${room}`, () => {
      const finds = sources
        .filter((source) => source.room === room)
        .flatMap(({ path, code }) =>
          words.filter((word) => code.includes(word)).map((word) => `${path} says ${word}`),
        )
      assertNone(finds, `${room} is pure`)
    })
  }

  for (const [name, room] of Object.entries(keptIn)) {
    it(`keeps ${name} in ${room}`, () => {
      const finds = sources
        .filter(
          (source) => source.path.startsWith('server/') && source.room !== room && source.room !== 'testing',
        )
        .filter(({ imports }) =>
          imports.some(({ from, typeOnly }) => !typeOnly && (from === name || from.startsWith(`${name}/`))),
        )
      assertNone(
        finds.map(({ path }) => path),
        `${name} outside ${room}`,
      )
    })
  }

  it(`keeps source files within ${budgets.linesOfASourceFile} lines`, () => {
    const more = [...sources.map(({ path }) => path), ...['bin', 'tools'].flatMap(filesBelow)]
    const long = more
      .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > budgets.linesOfASourceFile)
    assertNone(
      long.map(({ path, lines }) => `${path}: ${lines}`),
      'too long',
    )
  })

  it(`keeps functions within ${budgets.parametersOfAFunction} parameters`, () => {
    const wide = sources.flatMap(({ path, code }) =>
      [...code.matchAll(/\bfunction\s+(\w+)[^(]*\(|\bconst\s+(\w+)\s*=\s*(?:async\s*)?(?:<[^=]*>)?\(/g)]
        .map((match) => ({
          name: match[1] ?? match[2]!,
          count: parametersAt(code, match.index + match[0].length),
        }))
        .filter(({ count }) => count > budgets.parametersOfAFunction)
        .map(({ name, count }) => `${path}: ${name} has ${count}`),
    )
    assertNone(wide, 'too many parameters')
  })

  it(`keeps Context within ${budgets.fieldsOfContext} fields`, () => {
    const context = sources.find(({ path }) => path === 'server/src/context.ts')
    const body = /interface Context \{([\s\S]*?)\n\}/.exec(context?.code ?? '')?.[1] ?? ''
    const fields = body.match(/^ {2}(readonly )?\w+\??[:(]/gm) ?? []
    assert.ok(fields.length > 0, 'server/src/context.ts declares `interface Context`')
    assert.ok(fields.length <= budgets.fieldsOfContext, `Context has ${fields.length} fields`)
  })

  for (const [name, most] of Object.entries(budgets.runtimeDependencies)) {
    it(`lets ${name} depend on at most ${most} packages, each of them declared`, () => {
      const manifest = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'))
      const declared = Object.keys(manifest.dependencies ?? {})
      assert.ok(declared.length <= most, `${name} depends on ${declared.length}: ${declared.join(', ')}`)
      const used = sources
        .filter(({ path, room }) => path.startsWith(`${name}/`) && room !== 'testing')
        .flatMap((source) =>
          source.imports
            .filter(({ from, typeOnly }) => !typeOnly && !from.startsWith('.'))
            .map(({ from }) => from),
        )
        .filter((from) => !isBuiltin(from) && !from.startsWith('@tokenhouse/'))
        .map((from) =>
          from
            .split('/')
            .slice(0, from.startsWith('@') ? 2 : 1)
            .join('/'),
        )
      assertNone(
        [...new Set(used)].filter((from) => !declared.includes(from)),
        `${name} imports what it does not declare`,
      )
    })
  }

  it('locks packages by integrity and by no address', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string; link?: boolean; integrity?: string }>
    }
    const packages = Object.entries(lock.packages).filter(
      ([path, { link }]) => path.includes('node_modules/') && !link,
    )
    const addressed = packages.filter(([, { resolved: address }]) => address !== undefined)
    const loose = packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    assertNone(
      addressed.map(([path]) => path),
      'package-lock.json names a host (npm config omit-lockfile-registry-resolved)',
    )
    assertNone(
      loose.map(([path]) => path),
      'package-lock.json pins no sha512',
    )
  })

  it('locks every platform build that a tool of the root names, or npm ci refuses', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<
        string,
        { devDependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }
      >
    }
    const missing = Object.keys(packages['']?.devDependencies ?? {}).flatMap((name) =>
      Object.keys(packages[`node_modules/${name}`]?.optionalDependencies ?? {}).filter(
        (build) => !packages[`node_modules/${build}`],
      ),
    )
    assertNone(missing, 'package-lock.json lacks')
  })

  it('has the documents that a stranger looks for', () => {
    const missing = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'LICENSE'].filter(
      (file) => !existsSync(join(root, file)),
    )
    assertNone(missing, 'missing')
  })
})

/** How many parameters stand between here, just after `(`, and the `)` that closes it. */
function parametersAt(code: string, start: number): number {
  let depth = 0
  let count = 0
  let empty = true
  for (let at = start; at < code.length; at++) {
    const letter = code[at]!
    if ('([{<'.includes(letter)) depth++
    else if (letter === '>' && code[at - 1] === '=') continue
    else if (')]}>'.includes(letter)) {
      if (depth === 0) break
      depth--
    } else if (letter === ',' && depth === 0) {
      if (!empty) count++
      empty = true
      continue
    }
    if (letter.trim() !== '') empty = false
  }
  return empty ? count : count + 1
}
