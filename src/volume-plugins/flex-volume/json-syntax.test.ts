import { describe, expect, it } from 'vitest';
import { findJsonProblem } from './json-syntax.ts';

const end = 'unexpected end of JSON input';
const invalid = (what: string) => `invalid character ${what}`;

describe('what is wrong with a text', () => {
  it.each([
    ['', end],
    [' \n', end],
    ['{', end],
    ['{"a"', end],
    ['{"a":', end],
    ['{"a":1', end],
    ['[1,', end],
    ['"abc', end],
    ['"\\', end],
    ['tru', end],
    ['-', end],
    ['1.', end],
    ['1e', end],
    ['x', invalid("'x' looking for beginning of value")],
    ['Usage: driver', invalid("'U' looking for beginning of value")],
    ["'a'", invalid("'\\'' looking for beginning of value")],
    ['\u0000{}', invalid("'\\x00' looking for beginning of value")],
    ['\uFEFF{}', invalid("'ï' looking for beginning of value")],
    ['{} trailing', invalid("'t' after top-level value")],
    ['{}{}', invalid("'{' after top-level value")],
    ['{a:1}', invalid("'a' looking for beginning of object key string")],
    ['{"a":1,}', invalid("'}' looking for beginning of object key string")],
    ['{"a" 1}', invalid("'1' after object key")],
    ['{"a":1 "b"}', invalid("'\"' after object key:value pair")],
    ['[1 2]', invalid("'2' after array element")],
    ['[,]', invalid("',' looking for beginning of value")],
    ['"a\nb"', invalid("'\\n' in string literal")],
    ['"\\x"', invalid("'x' in string escape code")],
    ['"\\u12g4"', invalid("'g' in \\u hexadecimal character escape")],
    ['trux', invalid("'x' in literal true (expecting 'e')")],
    ['nil', invalid("'i' in literal null (expecting 'u')")],
    ['-x', invalid("'x' in numeric literal")],
    ['1.x', invalid("'x' after decimal point in numeric literal")],
    ['1ex', invalid("'x' in exponent of numeric literal")],
    ['01', invalid("'1' after top-level value")],
  ])('[M3] [rel-X40] of %j is told as Go tells it', (text, problem) => {
    expect(findJsonProblem(text)).toBe(problem);
    expect(() => JSON.parse(text)).toThrow();
  });

  it.each(['{}', ' {"a":[1,-2.5e+3,0,"\\u00e9\\n",true,false,null,{}]}\n', '""', '[[]]', '0', '-0.1E-2'])(
    '[M3] is nothing in %j',
    (text) => {
      expect(findJsonProblem(text)).toBeUndefined();
      JSON.parse(text);
    },
  );

  it('[rel-X40] is found however deep the text is nested', () => {
    expect(findJsonProblem('['.repeat(1_000_000))).toBe(end);
  });
});
