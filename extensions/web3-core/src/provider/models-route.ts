import { jsonAnswer, type Answer } from './answer.ts'
import type { Leaseholder } from './environment.ts'

/** What an OpenAI client lists: the one model that this token leases. Its id is the resource's, its label is beside it. */
export function listModels({ lease }: Leaseholder): Answer {
  const model = {
    id: lease.resourceId,
    object: 'model',
    created: Math.floor(lease.createdAt / 1000),
    owned_by: lease.providerActorId,
    label: lease.label,
  }
  return jsonAnswer(200, { object: 'list', data: [model] })
}
