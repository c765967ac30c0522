/** Every careless change to the contracts that is tried: one place, one other text, found in the compiler's own tree. */
import type { Node, Sources } from './solidity.ts'

export interface Mutant {
  /** Of a file in contracts/src. */
  readonly file: string
  /** In bytes, as the compiler counts. */
  readonly start: number
  readonly length: number
  readonly replacement: string
}

/** What comparisons and sums become: the limit moved by one, the opposite, something else. */
const others: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '+=': ['-=', '='],
}

const statuses = ['None', 'Active', 'Disputed', 'Closed']
/** Members of an order that a careless hand confuses. */
const confused: Readonly<Record<string, string>> = {
  payer: 'payee',
  payee: 'payer',
  expiresAt: 'refundableAt',
  refundableAt: 'expiresAt',
}

/** All mutants of a file, in the order in which they stand there. */
export function mutantsOf(file: string, tree: Node, sources: Sources): readonly Mutant[] {
  const text = Buffer.from(sources[file] ?? '')
  const found: Mutant[] = []
  const place = (node: Node) => {
    const [start = 0, length = 0] = node.src.split(':').map(Number)
    return { start, length, said: text.subarray(start, start + length).toString() }
  }
  const add = (node: Node, ...replacements: readonly string[]): void => {
    const { start, length, said } = place(node)
    for (const replacement of replacements)
      if (replacement !== said) found.push({ file, start, length, replacement })
  }
  /** A statement that may stand alone after a condition; its semicolon stands in the text, not in the tree. */
  const remove = (node: Node): void => {
    const { start, length, said } = place(node)
    const semicolon = text.subarray(start + length, start + length + 1).toString() === ';'
    // What is neither followed by one nor ends with one or with a block stands in the head of a loop.
    const ends = semicolon || /[;}]$/.test(said)
    found.push({ file, start, length: length + (semicolon ? 1 : 0), replacement: ends ? '{}' : '' })
  }
  walk(tree, (node) => {
    const said = place(node).said
    switch (node.nodeType) {
      case 'BinaryOperation': {
        const [left, right] = [place(node['leftExpression'] as Node), place(node['rightExpression'] as Node)]
        const operator = node['operator'] as string
        for (const other of others[operator] ?? []) add(node, `${left.said} ${other} ${right.said}`)
        if (operator === '&&' || operator === '||') add(node, left.said, right.said)
        break
      }
      case 'UnaryOperation':
        if (node['operator'] === '!') add(node, place(node['subExpression'] as Node).said)
        if (node['operator'] === '++') add(node, said.replace('++', '--'))
        break
      case 'Assignment': {
        const [left, right] = [place(node['leftHandSide'] as Node), place(node['rightHandSide'] as Node)]
        for (const other of others[node['operator'] as string] ?? [])
          add(node, `${left.said} ${other} ${right.said}`)
        break
      }
      case 'Literal':
        add(node, ...literals(node, said))
        break
      case 'IfStatement': {
        const refuses = (node['trueBody'] as Node).nodeType === 'RevertStatement'
        // Without its refusal a condition is lost anyway: see below.
        add(node['condition'] as Node, 'true', ...(refuses ? [] : ['false']))
        break
      }
      case 'Conditional':
        add(node['condition'] as Node, 'true', 'false')
        break
      case 'ModifierInvocation':
        if (node['kind'] === 'modifierInvocation') add(node, '')
        break
      case 'MemberAccess': {
        const member = node['memberName'] as string
        const of = place(node['expression'] as Node).said
        if (of === 'Status') add(node, ...statuses.map((status) => `Status.${status}`))
        const other = of === 'order' || of === 'each.order' ? confused[member] : undefined
        if (other !== undefined) add(node, `${of}.${other}`)
        break
      }
      case 'RevertStatement':
      case 'ExpressionStatement':
      case 'EmitStatement':
      case 'Return':
      case 'TryStatement':
      case 'Continue':
        remove(node)
        break
      case 'YulAssignment':
      case 'YulExpressionStatement':
        add(node, '')
        break
      case 'YulLiteral':
        add(node, '1')
        break
      case 'YulFunctionCall':
        if (said.startsWith('gas')) add(node, '0')
        break
      default:
    }
  })
  return found.toSorted((a, b) => a.start - b.start || a.length - b.length)
}

function literals(node: Node, said: string): readonly string[] {
  if (node['kind'] === 'string') return [`${said.slice(0, 1)}x${said.slice(1)}`]
  if (node['kind'] !== 'number') return []
  const [digits = '', unit] = said.split(' ')
  const value = Number(digits.replaceAll('_', ''))
  return [value + 1, ...(value > 0 ? [value - 1] : [])].map((other) =>
    unit === undefined ? String(other) : `${other} ${unit}`,
  )
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  // What a declaration of a type or an import says is nothing that runs.
  if (
    ['ImportDirective', 'UserDefinedTypeName', 'StructDefinition', 'EnumDefinition'].includes(node.nodeType)
  )
    return
  for (const [key, value] of Object.entries(node)) {
    if (key === 'documentation') continue
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'nodeType' in value && 'src' in value
}
