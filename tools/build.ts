/**
 * `npm run build`: bundles the server into server/dist, with source maps. Commands that are imported lazily become files of
 * their own, so that `tokenhouse version` does not read the web server. Packages with native code stay outside the bundle.
 * The entry is put in place last, and every file by renaming: a launcher that looks meanwhile sees the old or the new.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'

const root = dirname(import.meta.dirname)
const folder = join(root, 'server', 'dist')
const entry = 'tokenhouse.mjs'

const result = await build({
  entryPoints: { tokenhouse: join(root, 'server', 'src', 'main.ts') },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  write: false,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  conditions: ['development'],
  external: ['@node-rs/argon2', '@node-rs/bcrypt', 'pg-native'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  // Bundled CommonJS packages call `require` for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
}).catch(() => process.exit(1)) // esbuild has told what is wrong

if (process.argv.includes('--clean')) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const entryLast = result.outputFiles.toSorted(
  (a, b) => Number(basename(a.path) === entry) - Number(basename(b.path) === entry),
)
for (const { path, contents } of entryLast) {
  const part = `${path}.${process.pid}.part`
  writeFileSync(part, contents)
  renameSync(part, path)
}
