/** Quotes a string as Go's %q does: in files of labels and annotations, and in what users know from upstream. */
const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** Letters, marks, numbers, punctuation, symbols and the ASCII space print as they are. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}

function quoteCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short) return short;
  if (printable.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

export function goQuote(text: string): string {
  return `"${[...text].map(quoteCharacter).join('')}"`;
}
