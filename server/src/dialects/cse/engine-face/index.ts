/**
 * What engines themselves answer, on a listener of their own: the login and the accounts of service-center, the login of
 * Nacos. Not for sessions of the cloud, which mean nothing here.
 */
import { accountOperations } from './accounts.ts'
import { loginOperations } from './login.ts'
import { nacosWire } from './nacos.ts'
import { roleOperations } from './roles.ts'
import { engineWire } from './wire.ts'

export const engineWires = [
  nacosWire,
  engineWire([...loginOperations, ...accountOperations, ...roleOperations]),
]
