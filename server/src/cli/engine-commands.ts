/** Commands about microservice engines. */
import type { CommandRow } from './command.ts'

const engine = ['<engine>', 'id, or a name that only one has'] as const
const projectDomain = ['--project-domain <NAME>', 'domain of the project'] as const
const namespace = ['--namespace <ID>', 'of a Nacos engine (default: public)'] as const

export const engineCommands: readonly CommandRow[] = [
  {
    name: 'engine create',
    summary: 'make a microservice engine with a key of its own',
    args: [['<name>', '3 to 24 letters, digits and dashes']],
    options: [
      ['--project <NAME>', 'whose it is'],
      projectDomain,
      ['--spec-type <TYPE>', 'CSE2 (ServiceComb, the default) or Nacos2'],
      ['--auth-type <TYPE>', 'RBAC (the default) or NONE'],
      ['--enterprise-project <ID>', 'default 0'],
      ['--max-token-life <SECONDS>', 'longest life of its tokens: 60 to 86400, the default'],
      ['--address <URL>', 'of its service-center or Nacos, one of engine-addresses'],
      ['--password-file <FILE>', 'password of its account root (- for stdin); without: no such account'],
    ],
    settings: ['password', 'cloud'],
    printsData: true,
    examples: ['tokenhouse engine create shop --project web'],
    load: () => import('./engine-create.ts'),
  },
  {
    name: 'engine list',
    summary: 'list the engines',
    options: [['--project <NAME>', 'only those of a project'], projectDomain],
    printsData: true,
    examples: ['tokenhouse engine list --json'],
    load: () => import('./engine-list.ts'),
  },
  {
    name: 'engine show',
    summary: 'show an engine with its accounts and keys',
    args: [engine],
    printsData: true,
    examples: ['tokenhouse engine show shop'],
    load: () => import('./engine-show.ts'),
  },
  {
    name: 'engine delete',
    summary: 'remove an engine with its accounts and keys',
    args: [engine],
    printsData: true,
    examples: ['tokenhouse engine delete shop'],
    load: () => import('./engine-delete.ts'),
  },
  {
    name: 'engine import-user',
    summary: 'bring a user of the cloud into an engine',
    options: [
      ['--engine <ENGINE>', 'id, or a name that only one has'],
      ['--user <NAME>', 'name or id'],
      ['--user-domain <NAME>', 'domain of the user'],
      ['--role <ROLE,...>', "roles in the engine; in Nacos the user's right: r, w or rw"],
      ['--name <NAME>', "name of the account (default: the user's)"],
      namespace,
    ],
    settings: ['password', 'cloud'],
    printsData: true,
    examples: ['tokenhouse engine import-user --engine shop --user bob --role developer'],
    load: () => import('./engine-import-user.ts'),
  },
  {
    name: 'engine remove-user',
    summary: 'take a user of the cloud out of an engine',
    options: [
      ['--engine <ENGINE>', 'id, or a name that only one has'],
      ['--user <NAME>', 'name or id'],
      ['--user-domain <NAME>', 'domain of the user'],
      namespace,
    ],
    settings: ['cloud'],
    printsData: true,
    examples: ['tokenhouse engine remove-user --engine shop --user bob'],
    load: () => import('./engine-remove-user.ts'),
  },
  {
    name: 'engine namespace',
    summary:
      'put a namespace of a Nacos engine into an enterprise project; without one list those that were put',
    args: [engine, ['[namespace]', 'its id, or public']],
    options: [['--enterprise-project <ID>', 'the one that IAM policies are asked about']],
    printsData: true,
    examples: ['tokenhouse engine namespace config dev --enterprise-project ep-1'],
    load: () => import('./engine-namespace.ts'),
  },
  {
    name: 'engine token',
    summary: 'exchange a token of the cloud for one of an engine',
    args: [engine],
    options: [
      ['--token-file <FILE>', 'file with the token (default: read from stdin)'],
      ['--enterprise-project <ID>', "default: the engine's"],
      namespace,
    ],
    settings: ['token', 'password'],
    printsData: true,
    examples: ['tokenhouse engine token shop --json < token.txt'],
    load: () => import('./engine-token.ts'),
  },
  {
    name: 'engine keys export',
    summary: "write an engine's keys and configuration for its own software",
    args: [engine, ['<folder>', 'a new or empty folder']],
    examples: ['tokenhouse engine keys export shop ./shop-keys'],
    load: () => import('./engine-keys-export.ts'),
  },
  {
    name: 'engine keys rotate',
    summary:
      'stage a next key of an engine, or make the staged one the current one, and say what must restart',
    args: [engine],
    printsData: true,
    examples: ['tokenhouse engine keys rotate shop'],
    load: () => import('./engine-keys-rotate.ts'),
  },
  {
    name: 'engine check',
    summary:
      'compare accounts and roles of an engine with those of its service-center or Nacos; exit 1 when they differ',
    args: [engine],
    settings: ['cloud'],
    printsData: true,
    examples: ['tokenhouse engine check shop'],
    load: () => import('./engine-check.ts'),
  },
]
