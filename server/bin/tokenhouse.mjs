#!/usr/bin/env node
// Syntax that every Node since 14 reads, and nothing imported before the version is known.
const oldest = 24
if (Number(process.versions.node.split('.')[0]) < oldest) {
  const version = `${process.versions.node} (${process.execPath})`
  process.stderr.write(
    `tokenhouse needs Node ${oldest} or newer; this is Node ${version}. Install a newer one and start again.\n`,
  )
  process.exit(1)
}
process.setSourceMapsEnabled(true)
const { enableCompileCache } = await import('node:module')
const { fileURLToPath } = await import('node:url')
// Beside the bundle: who may change the one may change the other. Where that cannot be written, nothing is kept.
enableCompileCache(fileURLToPath(new URL('../dist/.cache', import.meta.url)))
await import(new URL('../dist/tokenhouse.mjs', import.meta.url).href)
