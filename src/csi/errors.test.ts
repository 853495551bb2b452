import { describe, expect, test } from 'vitest';
import { TimeoutError } from '../base/index.ts';
import { Code, codeName } from './codes.ts';
import { CsiError, isFinalError } from './errors.ts';

describe('CsiError', () => {
  test('prints as Go prints a status', () => {
    expect(new CsiError(Code.NOT_FOUND, 'no volume x').message).toBe('rpc error: code = NotFound desc = no volume x');
    expect(codeName(99)).toBe('Code(99)');
  });

  test('keeps the code of a gRPC status, and names aborts and deadlines', () => {
    const status = Object.assign(new Error('5 NOT_FOUND: gone'), { code: 5, details: 'gone' });
    expect(CsiError.from(status)).toMatchObject({ code: Code.NOT_FOUND, desc: 'gone' });
    expect(CsiError.from(new TimeoutError('x')).code).toBe(Code.DEADLINE_EXCEEDED);
    expect(CsiError.from(new DOMException('x', 'AbortError')).code).toBe(Code.CANCELED);
    expect(CsiError.from(new Error('ENOSPC'), Code.INTERNAL)).toMatchObject({ code: Code.INTERNAL, desc: 'ENOSPC' });
  });

  test('[rel-X33] cuts a long text and takes control characters out', () => {
    const { desc } = new CsiError(Code.INTERNAL, `a\u0000b\u001b[2J${'x'.repeat(1_000_000)}`);
    expect(desc.length).toBeLessThan(5000);
    expect(desc.startsWith('a b [2J')).toBe(true);
  });
});

describe('isFinalError', () => {
  const nonFinal = new Set<number>([
    Code.CANCELED,
    Code.DEADLINE_EXCEEDED,
    Code.UNAVAILABLE,
    Code.RESOURCE_EXHAUSTED,
    Code.ABORTED,
  ]);

  test.each(Object.entries(Code).filter(([, code]) => code !== Code.OK))(
    '[N14] knows whether %s leaves the volume uncertain',
    (_name, code) => {
      expect(isFinalError(new CsiError(code, ''))).toBe(!nonFinal.has(code));
    },
  );

  test('[N14] [rel-X33] takes what is no gRPC status as not final', () => {
    expect(isFinalError(new CsiError(99, ''))).toBe(false);
    expect(isFinalError(new Error('connection reset'))).toBe(false);
  });
});
