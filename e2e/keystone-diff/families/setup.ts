/**
 * What every family starts from: the caller tokens, and a small world (a domain, a project in it, people with roles).
 * `align` gives the reference the two bootstrap roles that its release lacks.
 */
import { perform, pick, type Side } from '../side.ts'
import {
  del,
  domainScope,
  get,
  login,
  passwordOf,
  patch,
  post,
  projectScope,
  put,
  repeat,
  type Step,
  systemScope,
} from '../step.ts'

const adminByName = {
  methods: ['password'],
  password: { user: { name: 'admin', domain: { id: 'default' }, password: '{adminpw}' } },
}

export const setup: readonly Step[] = [
  login(
    'admin',
    adminByName,
    { project: { name: 'admin', domain: { id: 'default' } } },
    {
      save: { admin: 'header:x-subject-token', admin_id: 'token.user.id', admin_project: 'token.project.id' },
    },
  ),
  login('system', adminByName, systemScope),
  ...repeat(['admin', 'manager', 'member', 'reader', 'service'], (name) => [
    get(`/roles?name=${name}`, { save: { [`role_${name}`]: 'roles.0.id' } }),
  ]),
]

/** A person with a password, a role on {project} and a token for it, all named after `name`. */
export const person = (name: string, role: string): Step[] => [
  post(
    '/users',
    { user: { name: `${name}-{tag}`, domain_id: '{domain}', password: `pw-${name}` } },
    { save: { [`${name}_id`]: 'user.id' } },
  ),
  put(`/projects/{project}/users/{${name}_id}/roles/{role_${role}}`),
  login(name, passwordOf(`{${name}_id}`, `pw-${name}`), projectScope('{project}')),
]

/** A domain {domain} with a project {project}. */
export const world: readonly Step[] = [
  post('/domains', { domain: { name: 'dom-{tag}', description: 'd' } }, { save: { domain: 'domain.id' } }),
  post(
    '/projects',
    { project: { name: 'pro-{tag}', domain_id: '{domain}' } },
    { save: { project: 'project.id' } },
  ),
]

/** One token per persona: {project_reader} … {system_admin}, each a user of their own. */
export const personas: readonly string[] = ['project', 'domain', 'system'].flatMap((scope) =>
  ['reader', 'member', 'manager', 'admin'].map((role) => `${scope}_${role}`),
)

export const personaSteps: readonly Step[] = personas.flatMap((persona) => {
  const [scope = '', role = ''] = persona.split('_')
  const user = `${persona}_id`
  const grant: Record<string, string> = {
    project: '/projects/{project}',
    domain: '/domains/{domain}',
    system: '/system',
  }
  const scopes: Record<string, unknown> = {
    project: projectScope('{project}'),
    domain: domainScope('{domain}'),
    system: systemScope,
  }
  return [
    post(
      '/users',
      { user: { name: `${persona}-{tag}`, domain_id: '{domain}', password: 'pw' } },
      { save: { [user]: 'user.id' } },
    ),
    put(`${grant[scope]}/users/{${user}}/roles/{role_${role}}`),
    login(persona, passwordOf(`{${user}}`, 'pw'), scopes[scope]),
  ]
})

/**
 * What a persona may do with things that belong to a domain: looks at them, makes one in its own domain, in another and
 * in none, changes `own` and `other`, which are of {domain} and of the default domain, and takes away what it made.
 */
export const managing = (
  kind: 'user' | 'group' | 'project',
  as: string,
  { own, other }: { readonly own: string; readonly other: string },
): Step[] => {
  const all = `/${kind}s`
  const places = [
    ['in own domain', 'made', { domain_id: '{domain}' }],
    ['in other domain', 'made_out', { domain_id: 'default' }],
    ['no domain', 'made_none', {}],
  ] as const
  return [
    ...['', '?domain_id=default', '?domain_id={domain}'].map((query) => get(`${all}${query}`, { as })),
    ...[own, other, 'nope'].map((id) => get(`${all}/${id}`, { as })),
    ...places.map(([note, variable, place]) =>
      post(
        all,
        { [kind]: { name: `${as}-${variable}-{tag}`, ...place } },
        { as, note, save: { [variable]: `${kind}.id` } },
      ),
    ),
    ...[own, other].map((id) => patch(`${all}/${id}`, { [kind]: { description: as } }, { as })),
    ...['{made}', '{made_out}', '{made_none}', 'nope'].map((id) => del(`${all}/${id}`, { as })),
  ]
}

/** Makes roles `manager` and `service`, admin ⊃ manager ⊃ member, and admin's role on the default domain, where missing. */
export const align = async (side: Side): Promise<void> => {
  const id: Record<string, string> = {}
  await perform(side, setup[0] as Step)
  for (const name of ['admin', 'manager', 'member', 'service']) {
    const listed = await perform(side, get(`/roles?name=${name}`))
    const found = pick(listed.json, 'roles.0.id')
    const made =
      typeof found === 'string'
        ? found
        : pick(
            (await perform(side, post('/roles', { role: { name, options: { immutable: true } } }))).json,
            'role.id',
          )
    id[name] = String(made)
  }
  await perform(side, put(`/roles/${id['admin']}/implies/${id['manager']}`))
  await perform(side, put(`/roles/${id['manager']}/implies/${id['member']}`))
  await perform(side, del(`/roles/${id['admin']}/implies/${id['member']}`))
  await perform(side, put(`/domains/default/users/{admin_id}/roles/${id['admin']}`))
}
