/**
 * Kubernetes quantities (`64Mi`, `100m`, `1e3`), exact at every size: a value is held as a count of billionths.
 * Amounts below a billionth round up; a binary amount is capped at 2^63-1, both as Kubernetes does.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The value in billionths. */
  readonly nano: bigint;
  /** The family of suffixes that the value is written with. */
  readonly format: QuantityFormat;
}

/** A text that is no quantity. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericWrong = 'unable to parse numeric part of quantity';
const suffixWrong = "unable to parse quantity's suffix";

/** Longer texts and larger exponents carry no meaning and only cost time: they are refused. */
const maxTextLength = 256;
const maxExponent = 400;
const maxCached = 8192;

const nanoPerUnit = 1_000_000_000n;
const nanoExponent = -9;
const maxBinaryNano = (2n ** 63n - 1n) * nanoPerUnit;
const decimalExponents: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const decimalSuffixes: ReadonlyMap<number, string> = new Map([...decimalExponents].map(([suffix, e]) => [e, suffix]));
const largestDecimalExponent = 18;
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const cache = new Map<string, Quantity>();

function exponentOf(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const decimal = decimalExponents.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' };
  if (/^[eE][+-]?[0-9]+$/.test(suffix)) {
    const exponent = Number(suffix.slice(1));
    if (Math.abs(exponent) <= maxExponent) return { base: 10, exponent, format: 'DecimalExponent' };
  }
  throw new QuantityError(suffixWrong);
}

/** Rounds away from zero. */
function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  if (dividend % divisor === 0n) return quotient;
  return dividend > 0n ? quotient + 1n : quotient - 1n;
}

function parse(text: string): Quantity {
  if (text.length > maxTextLength) throw new QuantityError(numericWrong);
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (text === '' || !match) throw new QuantityError(formatWrong);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  const { base, exponent, format } = exponentOf(suffix);
  let nano = BigInt(`0${whole}${fraction}`);
  const shift = (base === 10 ? exponent : 0) - fraction.length - nanoExponent;
  if (base === 2) nano <<= BigInt(exponent);
  nano = shift >= 0 ? nano * 10n ** BigInt(shift) : divideUp(nano, 10n ** BigInt(-shift));
  if (format === 'BinarySI' && nano > maxBinaryNano) nano = maxBinaryNano;
  const fractionOnly = format === 'BinarySI' && nano > 0n && nano < nanoPerUnit;
  return { nano: sign === '-' ? -nano : nano, format: fractionOnly ? 'DecimalSI' : format };
}

/** Parses a quantity. Throws a QuantityError in the words of Kubernetes. */
export function parseQuantity(text: string): Quantity {
  const known = cache.get(text);
  if (known) return known;
  const quantity = parse(text);
  if (cache.size >= maxCached) cache.clear();
  cache.set(text, quantity);
  return quantity;
}

export function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

/** The canonical text: the largest suffix that loses nothing. */
export function formatQuantity(quantity: Quantity): string {
  const { nano, format } = quantity;
  if (nano === 0n) return '0';
  const whole = nano / nanoPerUnit;
  if (format === 'BinarySI' && nano % nanoPerUnit === 0n && (whole >= 1024n || whole <= -1024n)) {
    let amount = whole;
    let power = 0;
    while (amount % 1024n === 0n && power < binarySuffixes.length - 1) {
      amount /= 1024n;
      power++;
    }
    return `${amount}${binarySuffixes[power]}`;
  }
  let amount = nano;
  let exponent = nanoExponent;
  const limit = format === 'DecimalExponent' ? Number.POSITIVE_INFINITY : largestDecimalExponent;
  while (amount % 1000n === 0n && exponent < limit) {
    amount /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  return `${amount}${decimalSuffixes.get(exponent)}`;
}

/** The canonical spelling of a quantity: `1024Mi` is `1Gi`. */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** The value rounded up (away from zero) to a whole number: bytes of a storage quantity. */
export function quantityValue(text: string): bigint {
  return divideUp(parseQuantity(text).nano, nanoPerUnit);
}

/** The value in thousandths, rounded up: what CPU amounts are counted in. */
export function quantityMilliValue(text: string): bigint {
  return divideUp(parseQuantity(text).nano, 1_000_000n);
}

/** The canonical text of a number of bytes. */
export function quantityOfBytes(bytes: bigint, format: QuantityFormat = 'BinarySI'): string {
  return formatQuantity({ nano: bytes * nanoPerUnit, format });
}

/** Negative when `left` is less than `right`, 0 when they are equal. */
export function compareQuantities(left: string, right: string): number {
  const difference = parseQuantity(left).nano - parseQuantity(right).nano;
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

function combine(left: string, right: string, sign: 1n | -1n): string {
  const a = parseQuantity(left);
  const b = parseQuantity(right);
  return formatQuantity({ nano: a.nano + sign * b.nano, format: a.nano === 0n ? b.format : a.format });
}

/** The sum, written with the suffixes of the first operand (of the second when the first is zero). */
export function addQuantities(left: string, right: string): string {
  return combine(left, right, 1n);
}

/** The difference, written with the suffixes of the first operand (of the second when the first is zero). */
export function subtractQuantities(left: string, right: string): string {
  return combine(left, right, -1n);
}
