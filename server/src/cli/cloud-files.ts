/**
 * The files by which clients find this cloud: `clouds.yaml` (openstackclient, SDKs), `openrc` (shells) and
 * `token-request.json` (the body that gets a token, for curl), in the data folder, readable by their owner alone.
 */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from './command.ts'

export interface CloudAccess {
  /** `http://HOST:PORT/v3` */
  readonly authUrl: string
  readonly password: string
  readonly region: string
}

export interface CloudFiles {
  readonly cloudsYaml: string
  readonly openrc: string
  readonly tokenRequest: string
}

/** Where the files of a data folder are. */
export function cloudFilesOf(dataDir: string): CloudFiles {
  return {
    cloudsYaml: join(dataDir, 'clouds.yaml'),
    openrc: join(dataDir, 'openrc'),
    tokenRequest: join(dataDir, 'token-request.json'),
  }
}

/** Writes the files for the first user. */
export function writeCloudFiles(dataDir: string, access: CloudAccess): void {
  const { cloudsYaml, openrc, tokenRequest } = cloudFilesOf(dataDir)
  writePrivately(cloudsYaml, cloudsYamlText(access))
  writePrivately(openrc, openrcText(access))
  writePrivately(tokenRequest, tokenRequestText(access))
}

/** Points files that are there to another address, everything else in them kept. */
export function moveCloudFiles(dataDir: string, authUrl: string): void {
  const { cloudsYaml, openrc } = cloudFilesOf(dataDir)
  replaceLine(cloudsYaml, /^( *auth_url: ).*$/m, JSON.stringify(authUrl))
  replaceLine(openrc, /^(export OS_AUTH_URL=).*$/m, shellQuoted(authUrl))
}

/** The first user's password as clouds.yaml has it. Refuses when there is no such file. */
export function passwordOfCloudFile(dataDir: string): string {
  const { cloudsYaml } = cloudFilesOf(dataDir)
  const password = valueIn(cloudsYaml, /^ *password: (".*")$/m)
  if (password === undefined)
    throw new CommandError(`${cloudsYaml} holds no password: give --user and --password-file`)
  return password
}

/** The address as clouds.yaml has it; undefined when there is no such file. */
export function addressOfCloudFile(dataDir: string): string | undefined {
  return valueIn(cloudFilesOf(dataDir).cloudsYaml, /^ *auth_url: (".*")$/m)
}

function valueIn(file: string, line: RegExp): string | undefined {
  const quoted = existsSync(file) ? line.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return quoted === undefined ? undefined : JSON.parse(quoted)
}

function replaceLine(file: string, line: RegExp, value: string): void {
  if (!existsSync(file)) return
  const before = readFileSync(file, 'utf8')
  const after = before.replace(line, (_, start: string) => start + value)
  if (after !== before) writePrivately(file, after)
}

/** A reader never sees half a file, nor anybody else any of it. */
export function writePrivately(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`
  writeFileSync(part, text, { mode: 0o600 })
  chmodSync(part, 0o600)
  renameSync(part, file)
}

// A JSON string is a YAML string, whatever the password holds.
function cloudsYamlText({ authUrl, password, region }: CloudAccess): string {
  return `clouds:
  tokenhouse:
    auth_type: v3password
    auth:
      auth_url: ${JSON.stringify(authUrl)}
      username: admin
      password: ${JSON.stringify(password)}
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    region_name: ${JSON.stringify(region)}
    identity_api_version: "3"
    interface: public
`
}

function openrcText({ authUrl, password, region }: CloudAccess): string {
  return `export OS_AUTH_TYPE=v3password
export OS_AUTH_URL=${shellQuoted(authUrl)}
export OS_USERNAME=admin
export OS_PASSWORD=${shellQuoted(password)}
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=${shellQuoted(region)}
export OS_IDENTITY_API_VERSION=3
export OS_INTERFACE=public
`
}

function tokenRequestText({ password }: CloudAccess): string {
  const domain = { name: 'Default' }
  const identity = { methods: ['password'], password: { user: { name: 'admin', domain, password } } }
  return `${JSON.stringify({ auth: { identity, scope: { project: { name: 'admin', domain } } } })}\n`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
