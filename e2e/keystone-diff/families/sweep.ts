/** Every route with every method, without a token and as admin, on ids that do not exist. */
import { routes } from '../routes.ts'
import { call, type Family, type Step } from '../step.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const concrete = (path: string): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => `no-${name.replaceAll('_', '-')}-{tag}`)

/** Calls with effect on what others share: the login of the run itself. */
const excluded = new Set(['DELETE /v3/auth/tokens'])

const steps: Step[] = routes.flatMap(({ path }) =>
  methods.flatMap((method) => {
    if (excluded.has(`${method} ${path}`)) return []
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined
    return [
      call(method, `!${concrete(path)}`, body, { as: null }),
      call(method, `!${concrete(path)}`, body, {}),
    ]
  }),
)

export const sweep: Family = { name: 'sweep', about: 'every route with every method, unknown ids', steps }
