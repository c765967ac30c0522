import { Type } from '@sinclair/typebox'

/** The paging part of every list's parameters. */
export const paging = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, description: 'items of a page; 50 when absent' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'nextCursor of the page before' }),
  ),
}

export const ledgerPaging = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'items of a page; 200 when absent' }),
  ),
  cursor: paging.cursor,
}

export const nextCursor = Type.Optional(
  Type.String({ description: 'pass as cursor for the next page; absent at the end' }),
)

export const idempotencyKey = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z0-9._:-]{8,128}$',
    description: 'the same request with the same key is answered again and moves nothing',
  }),
)
