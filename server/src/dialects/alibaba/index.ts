/** The Alibaba Cloud dialect: all its operations in one list, and its wire. */
import type { Context } from '../../context.ts'
import type { Wire } from '../../http/wire.ts'
import { edasOperations } from './edas/index.ts'
import { imsOperations } from './ims/index.ts'
import { mseOperations } from './mse/index.ts'
import type { Caller } from './operation.ts'
import { ramOperations } from './ram/index.ts'
import { stsOperations } from './sts/index.ts'
import { alibabaWire } from './wire.ts'

export interface AlibabaOptions {
  /** What reading a namespace's secret asks for besides `edas:ReadNamespace`. */
  readonly secretAction: string | undefined
}

export function alibabaDialect({ secretAction }: AlibabaOptions): Wire<Context, Caller> {
  return alibabaWire([
    ...edasOperations(secretAction),
    ...ramOperations,
    ...imsOperations,
    ...stsOperations,
    ...mseOperations,
  ])
}
