/**
 * What is wrong with a text that is no JSON, in the words of Go's encoding/json: authors of drivers search for them.
 * Reads without recursion, so that no nesting is too deep.
 */

/** What may come next at the top of the stack. */
type Expectation = 'value' | 'firstKey' | 'key' | 'colon' | 'afterPair' | 'firstElement' | 'afterElement';

const literals: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };
const endOfInput = 'unexpected end of JSON input';

class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
}

/** The complaint, or undefined for a text that is one JSON value. */
export function findJsonProblem(text: string): string | undefined {
  try {
    new Reader(text).readAll();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxProblem) return thrown.message;
    throw thrown;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): void {
    const stack: Expectation[] = ['value'];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      this.#skipSpace();
      this.#step(next, stack);
    }
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
  }

  #step(next: Expectation, stack: Expectation[]): void {
    switch (next) {
      case 'value':
        this.#readValue(stack);
        return;
      case 'firstKey':
        if (!this.#accept('}')) this.#readKey(stack);
        return;
      case 'key':
        this.#readKey(stack);
        return;
      case 'colon':
        if (!this.#accept(':')) throw this.#unexpected('after object key');
        stack.push('afterPair', 'value');
        return;
      case 'afterPair':
        if (this.#accept(',')) stack.push('key');
        else if (!this.#accept('}')) throw this.#unexpected('after object key:value pair');
        return;
      case 'firstElement':
        if (!this.#accept(']')) stack.push('afterElement', 'value');
        return;
      case 'afterElement':
        if (this.#accept(',')) stack.push('afterElement', 'value');
        else if (!this.#accept(']')) throw this.#unexpected('after array element');
    }
  }

  #readKey(stack: Expectation[]): void {
    if (!this.#accept('"')) throw this.#unexpected('looking for beginning of object key string');
    this.#readString();
    stack.push('colon');
  }

  #readValue(stack: Expectation[]): void {
    const character = this.#peek();
    const literal = literals[character];
    if (literal !== undefined) this.#readLiteral(literal);
    else if (character === '-' || isDigit(character)) this.#readNumber();
    else if (this.#accept('"')) this.#readString();
    else if (this.#accept('{')) stack.push('firstKey');
    else if (this.#accept('[')) stack.push('firstElement');
    else throw this.#unexpected('looking for beginning of value');
  }

  #readLiteral(literal: string): void {
    this.#at++;
    for (const expected of literal.slice(1)) {
      if (!this.#accept(expected)) throw this.#unexpected(`in literal ${literal} (expecting '${expected}')`);
    }
  }

  #readNumber(): void {
    this.#accept('-');
    if (!this.#accept('0')) this.#readDigits('in numeric literal');
    if (this.#accept('.')) this.#readDigits('after decimal point in numeric literal');
    if (!this.#accept('e') && !this.#accept('E')) return;
    if (!this.#accept('+')) this.#accept('-');
    this.#readDigits('in exponent of numeric literal');
  }

  #readDigits(where: string): void {
    if (!isDigit(this.#peek())) throw this.#unexpected(where);
    while (isDigit(this.#text[this.#at] ?? '')) this.#at++;
  }

  #readString(): void {
    for (;;) {
      const character = this.#peek();
      if (character < ' ') throw this.#unexpected('in string literal');
      this.#at++;
      if (character === '"') return;
      if (character === '\\') this.#readEscape();
    }
  }

  #readEscape(): void {
    if (this.#accept('u')) {
      for (let digit = 0; digit < 4; digit++) {
        if (!/[0-9a-fA-F]/.test(this.#peek())) throw this.#unexpected('in \\u hexadecimal character escape');
        this.#at++;
      }
      return;
    }
    if (!'"\\/bfnrt'.includes(this.#peek())) throw this.#unexpected('in string escape code');
    this.#at++;
  }

  #peek(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new SyntaxProblem(endOfInput);
    return character;
  }

  #accept(character: string): boolean {
    if (this.#peekOrEnd(character) !== character) return false;
    this.#at++;
    return true;
  }

  /** At the end of the text only optional parts of a number may be missing. */
  #peekOrEnd(expected: string): string | undefined {
    return '.eE+-0'.includes(expected) ? this.#text[this.#at] : this.#peek();
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #unexpected(where: string): SyntaxProblem {
    return new SyntaxProblem(`invalid character ${quoteByte(this.#peek())} ${where}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** Go looks at bytes: of a character beyond ASCII it names the first one. */
function quoteByte(character: string): string {
  const byte = Buffer.from(character)[0] ?? 0;
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  if (byte >= 0x20 && byte < 0x7f) return `'${character === '\\' ? '\\\\' : character}'`;
  const named: Readonly<Record<number, string>> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r' };
  if (named[byte]) return `'\\${named[byte]}'`;
  return byte >= 0xa1 ? `'${String.fromCharCode(byte)}'` : `'\\x${byte.toString(16).padStart(2, '0')}'`;
}
