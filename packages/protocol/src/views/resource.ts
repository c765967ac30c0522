import { Type, type Static } from '@sinclair/typebox'
import { OfferTerms, type Offer, type Resource } from '../entities/resource.ts'
import { ResourceSchema } from '../entities/resource.ts'
import { closed } from '../schema/scalars.ts'
import { show, shown } from './hide.ts'

/** Where a resource is served from, and by whose leave, is nobody's business outside. */
export const resourceHidden = ['rev', 'backend', 'delegation'] as const
export const ResourceView = shown(ResourceSchema, resourceHidden)
export type ResourceView = Static<typeof ResourceView>

export function showResource(resource: Resource): ResourceView {
  return show(resource, ResourceSchema, resourceHidden)
}

export const ResourceDetail = closed({ ...ResourceView.properties, offer: Type.Optional(OfferTerms) })
export type ResourceDetail = Static<typeof ResourceDetail>

export function showResourceDetail(resource: Resource, offer: Offer | undefined): ResourceDetail {
  return { ...showResource(resource), ...(offer === undefined ? {} : { offer: offer.terms }) }
}
