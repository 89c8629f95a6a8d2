/** All families of the differential run, in the order in which they are played. */
import { assignments } from './families/assignments.ts'
import { catalog } from './families/catalog.ts'
import { credentials, ec2Family } from './families/credentials.ts'
import { applicationCredentials, trusts } from './families/delegation.ts'
import { discovery } from './families/discovery.ts'
import { domainConfig, domains } from './families/domains.ts'
import { endpointFilter, policies } from './families/endpoint-filter.ts'
import { federation } from './families/federation.ts'
import { groups } from './families/groups.ts'
import { limits } from './families/limits.ts'
import { oauth1, oauth2 } from './families/oauth.ts'
import { projects } from './families/projects.ts'
import { roles } from './families/roles.ts'
import { cascades, receipts, revocation } from './families/security.ts'
import { sweep } from './families/sweep.ts'
import { tokens } from './families/tokens.ts'
import { users } from './families/users.ts'
import type { Family } from './step.ts'

export const families: readonly Family[] = [
  discovery,
  sweep,
  tokens,
  domains,
  domainConfig,
  projects,
  users,
  groups,
  roles,
  assignments,
  catalog,
  endpointFilter,
  policies,
  credentials,
  ec2Family,
  applicationCredentials,
  trusts,
  limits,
  oauth1,
  oauth2,
  federation,
  receipts,
  revocation,
  cascades,
]
