import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityOfBytes,
  quantityValue,
  subtractQuantities,
} from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['0', '0'],
    ['0n', '0'],
    ['1', '1'],
    ['+5', '5'],
    ['-5', '-5'],
    ['1024Mi', '1Gi'],
    ['1025Mi', '1025Mi'],
    ['1Ki', '1Ki'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['512', '512'],
    ['0.5Ki', '512'],
    ['0.1Ki', '102400m'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['1500', '1500'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['0.1', '100m'],
    ['0.0000000001', '1n'],
    ['1.0', '1'],
    ['1.', '1'],
    ['.5', '500m'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12e6', '12e6'],
    ['1e0', '1'],
    ['1E', '1E'],
    ['100e-3', '100e-3'],
    ['1000E', '1000E'],
    ['9223372036854775807', '9223372036854775807'],
    ['92233720368547758070', '92233720368547758070'],
    ['9223372036854775807Ei', '9223372036854775807'],
    ['-9223372036854775807Ei', '-9223372036854775807'],
    ['1n', '1n'],
    ['-1Gi', '-1Gi'],
    ['.', '0'],
    ['+', '0'],
  ])('[rel-X12] writes %s as %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(canonicalQuantity(canonical)).toBe(canonical);
  });

  it.each(['', '1Gx', '1 Gi', ' 1', '1Ki1', '１Gi', '1.1.1', '1e', 'Ki', 'abc', '1i', '0.1mi', '1e1000000000'])(
    '[rel-X12] refuses %j',
    (text) => {
      expect(isQuantity(text)).toBe(text === 'Ki');
    },
  );

  it('[rel-X12] refuses the inputs that take for ever elsewhere', () => {
    expect(() => parseQuantity('011E011110011110')).toThrow("unable to parse quantity's suffix");
    expect(() => parseQuantity('9'.repeat(1_000_000))).toThrow('unable to parse numeric part of quantity');
  });

  it('[Y8] names the form a quantity must have', () => {
    expect(() => parseQuantity('1Gx')).toThrow(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  });

  it('counts bytes rounded up', () => {
    expect(quantityValue('1Gi')).toBe(1073741824n);
    expect(quantityValue('100m')).toBe(1n);
    expect(quantityValue('-100m')).toBe(-1n);
    expect(quantityValue('1.5k')).toBe(1500n);
    expect(quantityMilliValue('1500u')).toBe(2n);
    expect(quantityOfBytes(1536n * 2n ** 20n)).toBe('1536Mi');
  });

  it('compares, adds and subtracts across suffixes', () => {
    expect(compareQuantities('1Gi', '1024Mi')).toBe(0);
    expect(compareQuantities('1G', '1Gi')).toBe(-1);
    expect(compareQuantities('2Gi', '1Gi')).toBe(1);
    expect(addQuantities('1Gi', '512Mi')).toBe('1536Mi');
    expect(addQuantities('0', '1Gi')).toBe('1Gi');
    expect(subtractQuantities('1Gi', '1Gi')).toBe('0');
    expect(subtractQuantities('1', '100m')).toBe('900m');
  });
});
