/** Every command, in the order of the help. Its code is read only when it runs: a command starts as fast as it is small. */
import { type SettingGroup, settingGroups } from '../settings.ts'
import type { CommandRow } from './command.ts'

const everySetting = Object.keys(settingGroups) as SettingGroup[]

const ofDomain = ['--domain <NAME>', 'its domain, by name or id (default: the default domain)'] as const
const passwordFile = [
  '--password-file <FILE>',
  'take the password from a file (- for stdin); else a random one is printed',
] as const
const userDomain = ['--user-domain <NAME>', 'domain of the user'] as const
const projectDomain = ['--project-domain <NAME>', 'domain of the project'] as const

export const commands: readonly CommandRow[] = [
  {
    name: 'serve',
    summary: 'serve tokens; sets up an empty data folder first',
    settings: everySetting,
    examples: [
      'tokenhouse serve',
      'tokenhouse serve --data-dir /var/lib/tokenhouse --port 0 --huawei-port off',
    ],
    load: () => import('./serve.ts'),
  },
  {
    name: 'bootstrap',
    summary: 'make the first domain, project, user, roles and keys where they are missing',
    options: [['--reset-password', 'give the first user a new password']],
    settings: ['listen', 'password', 'cloud', 'bootstrap'],
    printsData: true,
    examples: [
      'tokenhouse bootstrap --public-url https://id.example.com',
      'tokenhouse bootstrap --reset-password',
    ],
    load: () => import('./bootstrap.ts'),
  },
  {
    name: 'migrate',
    summary: 'bring the database to the newest schema',
    options: [['--check', 'change nothing; exit 1 when migrations are pending']],
    printsData: true,
    examples: ['tokenhouse migrate --check'],
    load: () => import('./migrate.ts'),
  },
  {
    name: 'doctor',
    summary: 'look for what would keep the service from serving well',
    settings: everySetting,
    printsData: true,
    examples: ['tokenhouse doctor', 'tokenhouse doctor --json'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'keys list',
    summary: 'list the keys that tokens are made and read with',
    printsData: true,
    examples: ['tokenhouse keys list'],
    load: () => import('./keys-list.ts'),
  },
  {
    name: 'keys rotate',
    summary: 'make the staged key the primary one and stage a new one',
    args: [['[purpose]', 'fernet (default) or jws']],
    options: [['--keep <NUMBER>', 'Fernet keys to keep, the staged one included (default 3)']],
    examples: ['tokenhouse keys rotate', 'tokenhouse keys rotate jws'],
    load: () => import('./keys-rotate.ts'),
  },
  {
    name: 'keys export',
    summary: "write the Fernet keys as Keystone's numbered repository",
    args: [['<folder>', 'a new or empty folder']],
    examples: ['tokenhouse keys export ./fernet-keys'],
    load: () => import('./keys-export.ts'),
  },
  {
    name: 'keys import',
    summary: "replace the Fernet keys by those of Keystone's numbered repository",
    args: [['<folder>', 'a folder with the files 0, 1, 2 ...']],
    examples: ['tokenhouse keys import /etc/keystone/fernet-keys'],
    load: () => import('./keys-import.ts'),
  },
  {
    name: 'token issue',
    summary: 'sign in with a password and print a token; without --user as the first user',
    options: [
      ['--user <NAME>', 'who signs in (default admin, with the password of clouds.yaml)'],
      userDomain,
      ['--password-file <FILE>', "file with the user's password (- for stdin)"],
      ['--project <NAME>', 'scope: a project'],
      projectDomain,
      ['--domain <NAME>', 'scope: a domain'],
      ['--system', 'scope: the system'],
      ['--unscoped', 'no scope'],
    ],
    settings: ['token', 'password'],
    printsData: true,
    examples: [
      'tokenhouse token issue',
      'tokenhouse token issue --user bob --password-file - --project web --json',
    ],
    load: () => import('./token-issue.ts'),
  },
  {
    name: 'token inspect',
    summary: 'say what a token holds and whether it is valid now; exit 1 when it is not',
    args: [['[token]', 'the token (default: read from stdin)']],
    settings: ['token', 'password'],
    printsData: true,
    examples: ['tokenhouse token inspect < token.txt'],
    load: () => import('./token-inspect.ts'),
  },
  {
    name: 'user create',
    summary: 'make a user',
    args: [['<name>', '']],
    options: [ofDomain, passwordFile],
    settings: ['password'],
    printsData: true,
    examples: [
      'tokenhouse user create bob',
      'tokenhouse user create bob --domain Default --password-file secret.txt',
    ],
    load: () => import('./user-create.ts'),
  },
  {
    name: 'user show',
    summary: 'show a user',
    args: [['<name>', 'name or id']],
    options: [ofDomain],
    printsData: true,
    examples: ['tokenhouse user show admin'],
    load: () => import('./user-show.ts'),
  },
  {
    name: 'user set-password',
    summary: "set a user's password and void the user's tokens",
    args: [['<name>', 'name or id']],
    options: [ofDomain, passwordFile],
    settings: ['password'],
    printsData: true,
    examples: ['tokenhouse user set-password bob --password-file -'],
    load: () => import('./user-set-password.ts'),
  },
  {
    name: 'project create',
    summary: 'make a project',
    args: [['<name>', '']],
    options: [ofDomain],
    printsData: true,
    examples: ['tokenhouse project create web'],
    load: () => import('./project-create.ts'),
  },
  {
    name: 'project show',
    summary: 'show a project',
    args: [['<name>', 'name or id']],
    options: [ofDomain],
    printsData: true,
    examples: ['tokenhouse project show admin'],
    load: () => import('./project-show.ts'),
  },
  {
    name: 'role list',
    summary: 'list the roles and what each implies',
    printsData: true,
    examples: ['tokenhouse role list'],
    load: () => import('./role-list.ts'),
  },
  {
    name: 'role grant',
    summary: 'give a user a role on a project, a domain or the system',
    args: [['<role>', 'name or id']],
    options: [
      ['--user <NAME>', 'who gets it'],
      userDomain,
      ['--project <NAME>', 'on a project'],
      projectDomain,
      ['--on-domain <NAME>', 'on a domain'],
      ['--system', 'on the system'],
    ],
    printsData: true,
    examples: ['tokenhouse role grant member --user bob --project web'],
    load: () => import('./role-grant.ts'),
  },
  {
    name: 'version',
    summary: 'say which version this is',
    printsData: true,
    examples: ['tokenhouse version --json'],
    load: () => import('./version.ts'),
  },
]
