/**
 * `npm run packages`: lays the three published packages out in `out/`, each as it goes to the registry: compiled, with its
 * licence, and without the `development` condition, which only means something where the sources are.
 * `npm publish ./out/NAME` from there.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativePackages } from './native-packages.ts'
import { root, runNode, toolOf } from './step.ts'

const out = join(root, 'out')

interface Manifest {
  name: string
  dependencies?: Record<string, string>
  exports?: Record<string, Record<string, string>>
  files?: string[]
  devDependencies?: Record<string, string>
  scripts?: Record<string, string>
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
compile('tokens')
compile('client')
bundle()

/** JavaScript and declarations of a library, for consumers that know nothing of this repository. */
function compile(name: 'tokens' | 'client'): void {
  const config = join(out, `tsconfig.${name}.json`)
  const compilerOptions = {
    noEmit: false,
    allowJs: false,
    checkJs: false,
    declaration: true,
    customConditions: [],
    rootDir: `../${name}/src`,
    outDir: `${name}/dist`,
    paths: { '@tokenhouse/tokens': ['./tokens/dist/index.d.ts'] },
  }
  const include = [`../${name}/src`]
  const exclude = [`../${name}/src/**/*.test.ts`, `../${name}/src/**/testing/**`]
  writeFileSync(config, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include, exclude }))
  if (!runNode([toolOf('typescript', 'bin/tsc'), '-p', config])) throw new Error(`${name} does not compile`)
  finish(name, name)
}

/** The server is bundled; of its packages only those with native code are still needed where it is installed. */
function bundle(): void {
  const dist = join(out, 'tokenhouse', 'dist')
  if (!runNode(['-C', 'development', 'tools/build.ts', dist])) throw new Error('the server does not build')
  cpSync(join(root, 'server', 'bin'), join(out, 'tokenhouse', 'bin'), { recursive: true })
  finish('server', 'tokenhouse')
}

function finish(from: string, to: string): void {
  const {
    devDependencies: _dev,
    scripts: _scripts,
    ...manifest
  }: Manifest = JSON.parse(readFileSync(join(root, from, 'package.json'), 'utf8'))
  if (from === 'server') {
    const needed = Object.entries(manifest.dependencies ?? {}).filter(([name]) =>
      nativePackages.includes(name),
    )
    manifest.dependencies = Object.fromEntries(needed)
  }
  for (const conditions of Object.values(manifest.exports ?? {})) delete conditions['development']
  writeFileSync(join(out, to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  cpSync(join(root, 'LICENSE'), join(out, to, 'LICENSE'))
  const readme = [join(root, from, 'README.md'), join(root, 'README.md')].find((file) => existsSync(file))
  if (readme) cpSync(readme, join(out, to, 'README.md'))
}
