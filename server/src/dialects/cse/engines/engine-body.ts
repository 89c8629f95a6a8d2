/** How CSE shows engines and jobs. Times are milliseconds. */
import { Type } from 'typebox'
import type { EngineJob, EngineRecord } from '../../../store/engines.ts'

const text = (most: number) => Type.String({ maxLength: most })

/** What a new engine says; whatever else it says is kept and shown again. */
export const NewEngineBody = Type.Object(
  {
    name: text(24),
    description: Type.Optional(text(255)),
    specType: Type.Enum(['CSE2', 'Nacos2']),
    authType: Type.Optional(Type.Enum(['RBAC', 'NONE'])),
    auth_cred: Type.Optional(Type.Object({ pwd: Type.Optional(text(64)) })),
    flavor: Type.Optional(text(64)),
    payment: Type.Optional(text(24)),
    vpc: Type.Optional(text(64)),
    vpcId: Type.Optional(text(64)),
    networkId: Type.Optional(text(64)),
    subnetCidr: Type.Optional(text(64)),
    azList: Type.Optional(Type.Array(text(64), { maxItems: 10 })),
  },
  { additionalProperties: true },
)

/** The fields above that are only kept and shown. */
export const shownOnly = ['flavor', 'payment', 'vpc', 'vpcId', 'networkId', 'subnetCidr', 'azList'] as const

const millis = (micros: number): number => Math.floor(micros / 1000)

export function engineInList(engine: EngineRecord) {
  const { extra, specType } = engine
  return {
    id: engine.id,
    name: engine.name,
    enterpriseProjectId: engine.enterpriseProjectId,
    type: specType === 'CSE2' ? 'CSE' : 'NACOS',
    description: engine.description,
    flavor: extra['flavor'],
    payment: extra['payment'],
    authType: engine.authType,
    status: 'Available',
    externalAddress: engine.address ?? '',
    createTime: millis(engine.createdAt),
    specType,
    reference: referenceOf(engine),
  }
}

export function engineInFull(engine: EngineRecord, jobs: readonly EngineJob[]) {
  const { extra, specType } = engine
  return {
    ...engineInList(engine),
    projectId: engine.projectId,
    createUser: engine.createdBy,
    beDefault: false,
    latestJobId: jobs[0]?.id,
    cceSpec: { engineId: engine.id, specType, flavor: extra['flavor'] },
    externalEntrypoint: { externalAddress: engine.address ?? '' },
  }
}

function referenceOf({ extra }: EngineRecord) {
  return {
    vpc: extra['vpc'],
    azList: extra['azList'],
    networkId: extra['networkId'],
    subnetCidr: extra['subnetCidr'],
  }
}

/** A job is told of once it is done. */
export function jobBody(job: EngineJob) {
  return {
    id: job.id,
    engineId: job.engineId,
    type: job.type,
    status: 'Finished',
    createUser: job.createdBy,
    startTime: millis(job.createdAt),
    endTime: millis(job.createdAt),
    tasks: [],
  }
}
