/** The grammar of label selector texts. Upstream: apimachinery labels/selector.go. */

import { checkLabelKey, checkLabelValue } from './names.ts';
import { SelectorError, type SelectorOperator, type SelectorRequirement } from './selector-requirement.ts';

interface Token {
  readonly kind: 'identifier' | 'symbol' | 'end' | 'error';
  readonly text: string;
}

const binaryOperators: Readonly<Record<string, SelectorOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '=',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};
const tokenPattern = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^\s=!(),<>]+)|$)/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (!match) return [...tokens, { kind: 'error', text: '' }];
    const [, symbol, identifier] = match;
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else if (identifier !== undefined) tokens.push({ kind: 'identifier', text: identifier });
    else break;
  }
  return [...tokens, { kind: 'end', text: '' }];
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get next(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '' };
  }

  take(): Token {
    const token = this.next;
    this.#position++;
    return token;
  }

  atSymbol(text: string): boolean {
    return this.next.kind === 'symbol' && this.next.text === text;
  }

  parse(): SelectorRequirement[] {
    const requirements: SelectorRequirement[] = [];
    while (this.next.kind !== 'end') {
      if (this.next.kind !== 'identifier' && !this.atSymbol('!')) {
        throw new SelectorError(`found '${this.next.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.requirement());
      const separator = this.take();
      if (separator.kind === 'end') break;
      if (separator.text !== ',') {
        throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`);
      }
      if (this.next.kind !== 'identifier' && !this.atSymbol('!')) {
        throw new SelectorError(`found '${this.next.text}', expected: identifier after ','`);
      }
    }
    return requirements;
  }

  requirement(): SelectorRequirement {
    const fail = (message: string): never => {
      throw new SelectorError(`unable to parse requirement: ${message}`);
    };
    const negated = this.atSymbol('!');
    if (negated) this.take();
    const keyToken = this.take();
    if (keyToken.kind !== 'identifier') fail(`found '${keyToken.text}', expected: identifier`);
    const key = keyToken.text;
    const keyProblems = checkLabelKey(key);
    if (keyProblems.length > 0) fail(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyProblems.join('; ')}`);
    if (negated) return { key, operator: '!', values: [] };
    if (this.next.kind === 'end' || this.atSymbol(',')) return { key, operator: 'exists', values: [] };
    const operatorToken = this.take();
    const operator = Object.hasOwn(binaryOperators, operatorToken.text)
      ? binaryOperators[operatorToken.text]
      : undefined;
    if (!operator) return fail(`found '${operatorToken.text}', expected: in, notin, =, ==, !=, gt, lt`);
    const isSet = operator === 'in' || operator === 'notin';
    const values = isSet ? this.#valueSet(fail) : [this.#exactValue(fail)];
    checkValues({ key, operator, values }, fail);
    return { key, operator, values };
  }

  #exactValue(fail: (message: string) => never): string {
    if (this.next.kind === 'end' || this.atSymbol(',')) return '';
    const token = this.take();
    return token.kind === 'identifier' ? token.text : fail(`found '${token.text}', expected: identifier`);
  }

  #valueSet(fail: (message: string) => never): string[] {
    const open = this.take();
    if (open.text !== '(') fail(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    while (!this.atSymbol(')')) {
      if (this.next.kind === 'identifier') {
        values.add(this.take().text);
        if (!this.atSymbol(',') && !this.atSymbol(')')) fail(`found '${this.next.text}', expected: ',' or ')'`);
      } else if (this.atSymbol(',')) {
        if (values.size === 0) values.add('');
        this.take();
        if (this.atSymbol(')') || this.atSymbol(',')) values.add('');
      } else {
        fail(`found '${this.next.text}', expected: ',', ')' or identifier`);
      }
    }
    this.take();
    return [...values].sort();
  }
}

function checkValues({ key, operator, values }: SelectorRequirement, fail: (message: string) => never): void {
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    fail("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(values[0] ?? '')) {
    fail(
      `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  for (const [index, value] of values.entries()) {
    const problems = checkLabelValue(value);
    if (problems.length > 0) {
      fail(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problems.join('; ')}`);
    }
  }
}

/** The requirements of a label selector text, all of which must hold. Throws a SelectorError. */
export function parseLabelRequirements(text: string): SelectorRequirement[] {
  return new Parser(text).parse();
}
