import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { methodReference } from './method-reference.ts'

writeFileSync(join(import.meta.dirname, '..', 'docs', 'methods.md'), methodReference())
