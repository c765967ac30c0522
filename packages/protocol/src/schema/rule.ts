import { type TSchema } from '@sinclair/typebox'
import { ValueErrorType, type ValueError } from '@sinclair/typebox/errors'
import type { SchemaProblem } from './codec.ts'

/** The keyword of JSON Schema that an error of the checker stands for, and a sentence that names its bound. */
export function ruleOf(error: ValueError, _root: TSchema): SchemaProblem {
  const schema = error.schema
  const { description } = schema
  const say = (rule: string, message: string): SchemaProblem => ({
    pointer: error.path,
    rule,
    message,
    ...(typeof description === 'string' ? { expected: description } : {}),
  })
  switch (error.type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return say('additionalProperties', 'unknown field')
    case ValueErrorType.ObjectRequiredProperty:
      return say('required', 'is required')
    case ValueErrorType.ObjectMinProperties:
      return say('minProperties', `needs at least ${schema.minProperties} fields`)
    case ValueErrorType.ObjectMaxProperties:
      return say('maxProperties', `has more than ${schema.maxProperties} fields`)
    case ValueErrorType.ArrayMinItems:
      return say('minItems', `needs at least ${schema.minItems} items`)
    case ValueErrorType.ArrayMaxItems:
      return say('maxItems', `has more than ${schema.maxItems} items`)
    case ValueErrorType.ArrayUniqueItems:
      return say('uniqueItems', 'has an item twice')
    case ValueErrorType.StringMinLength:
      return say('minLength', `is shorter than ${schema.minLength} characters`)
    case ValueErrorType.StringMaxLength:
      return say('maxLength', `is longer than ${schema.maxLength} characters`)
    case ValueErrorType.StringPattern:
      return say('pattern', `does not match ${schema.pattern}`)
    case ValueErrorType.StringFormat:
      return say('format', `is not in the format ${schema.format}`)
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return say('minimum', `is below ${schema.minimum}`)
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return say('maximum', `is above ${schema.maximum}`)
    case ValueErrorType.IntegerMultipleOf:
    case ValueErrorType.NumberMultipleOf:
      return say('multipleOf', `is not a multiple of ${schema.multipleOf}`)
    case ValueErrorType.Union: {
      const values = (schema.anyOf as TSchema[]).map((s) => s.const).filter((v) => v !== undefined)
      return values.length === schema.anyOf.length
        ? say('enum', `is not one of ${values.join(', ')}`)
        : say('anyOf', 'matches none of the allowed shapes')
    }
    case ValueErrorType.Literal:
      return say('const', `is not ${JSON.stringify(schema.const)}`)
    default:
      return say('type', `is not of type ${String(schema.type ?? 'the schema')}`)
  }
}
