/**
 * `npm run build [-- FOLDER]`: bundles the server into server/dist, or into FOLDER, with source maps and the notices of the packages in it. Commands that
 * are imported lazily become files of their own, so that `tokenhouse version` does not read the web server. The entry is put
 * in place last, and every file by renaming: a launcher that looks meanwhile sees the old or the new.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { nativePackages } from './native-packages.ts'

const root = dirname(import.meta.dirname)
const folder = resolve(process.argv[2] ?? join(root, 'server', 'dist'))
const entry = 'tokenhouse.mjs'

const result = await build({
  absWorkingDir: root,
  entryPoints: { tokenhouse: join(root, 'server', 'src', 'main.ts') },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  write: false,
  metafile: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  conditions: ['development'],
  external: [...nativePackages, 'pg-native'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  // A third less to read at each start and to keep in memory; names and lines stay, for who reads a stack.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  // Bundled CommonJS packages call `require` for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
}).catch(() => process.exit(1)) // esbuild has told what is wrong

mkdirSync(folder, { recursive: true })
put(join(folder, 'NOTICES'), notices(Object.keys(result.metafile.inputs)))
const entryLast = result.outputFiles.toSorted(
  (a, b) => Number(basename(a.path) === entry) - Number(basename(b.path) === entry),
)
for (const { path, contents } of entryLast) put(path, contents)
removeStale(new Set(result.outputFiles.map(({ path }) => basename(path))))

/** Files of builds long past; what a server that still runs may yet import stays for a day. */
function removeStale(fresh: ReadonlySet<string>): void {
  const yesterday = Date.now() - 86_400_000
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (/\.mjs(\.map)?$/.test(name) && !fresh.has(name) && statSync(path).mtimeMs < yesterday) rmSync(path)
  }
}

function put(path: string, contents: string | Uint8Array): void {
  const part = `${path}.${process.pid}.part`
  writeFileSync(part, contents)
  renameSync(part, path)
}

/** The licence of every package that has a file in the bundle. */
function notices(inputs: readonly string[]): string {
  const folders = inputs.map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
  return [...new Set(folders.filter((path) => path !== undefined))]
    .toSorted()
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
      const text = readdirSync(join(root, path)).find((file) => /^licen[cs]e/i.test(file))
      const terms = text ? readFileSync(join(root, path, text), 'utf8').trim() : `Licence: ${license}`
      return `${name} ${version}\n\n${terms}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}
