/** Checks and normalises one JSON scalar: quantities get their canonical spelling, times become UTC. */
import { canonicalQuantity, QuantityError } from './quantity.ts';
import type { ScalarName } from './schema.ts';

/** The value has another JSON type than the field. `shown` is how the message names it, when the type alone does not. */
export class WrongType {
  readonly shown: string | undefined;
  constructor(shown?: string) {
    this.shown = shown;
  }
}

/** The value has the right JSON type but makes no sense; the message says why. */
export class MalformedValue {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export type ScalarResult = string | number | boolean | WrongType | MalformedValue;

const maxInt32 = 2 ** 31 - 1;
const maxInt64 = 2 ** 63;
/** How the parser of JSON hands over an integer that a double would round. */
const longInteger = /^-?\d{16,19}$/;
const timePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;
const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

export function decodeScalar(scalar: Exclude<ScalarName, 'any'>, raw: unknown): ScalarResult {
  switch (scalar) {
    case 'string':
      if (typeof raw !== 'string') return new WrongType();
      return raw.isWellFormed() ? raw : raw.toWellFormed();
    case 'bool':
      return typeof raw === 'boolean' ? raw : new WrongType();
    case 'int32':
      return integer(raw, (value) => value >= -maxInt32 - 1 && value <= maxInt32);
    case 'int64':
      // A larger number was rounded by the JSON parser: better refused than changed.
      return integer(raw, Number.isSafeInteger);
    case 'nanoseconds':
      return nanoseconds(raw);
    case 'float64':
      return typeof raw === 'number' && Number.isFinite(raw) ? raw : new WrongType();
    case 'intstr':
      return typeof raw === 'string' ? raw : intOrString(raw);
    case 'quantity':
      return quantity(raw);
    case 'bytes':
      return typeof raw === 'string' ? base64(raw) : new WrongType();
    case 'time':
    case 'microtime':
      return time(raw, scalar === 'microtime');
  }
}

function integer(raw: unknown, fits: (value: number) => boolean): ScalarResult {
  if (typeof raw !== 'number') return new WrongType();
  return Number.isInteger(raw) && fits(raw) ? raw : new WrongType(`number ${raw}`);
}

/** A time of this century does not fit a double to the nanosecond; the 256 of them that it is rounded to mean nothing. */
function nanoseconds(raw: unknown): ScalarResult {
  const isLong = typeof raw === 'string' && longInteger.test(raw);
  return integer(isLong ? Number(raw) : raw, (value) => value >= -maxInt64 && value < maxInt64);
}

function intOrString(raw: unknown): ScalarResult {
  const result = decodeScalar('int32', raw);
  if (!(result instanceof WrongType)) return result;
  const shown = result.shown ?? (Array.isArray(raw) ? 'array' : typeof raw === 'boolean' ? 'bool' : typeof raw);
  return new MalformedValue(`json: cannot unmarshal ${shown} into Go value of type int32`);
}

function quantity(raw: unknown): ScalarResult {
  try {
    return canonicalQuantity(typeof raw === 'string' ? raw.trim() : String(raw));
  } catch (error) {
    if (error instanceof QuantityError) return new MalformedValue(error.message);
    throw error;
  }
}

function base64(raw: string): ScalarResult {
  const text = /[\r\n]/.test(raw) ? raw.replace(/[\r\n]/g, '') : raw;
  const stray = text.search(/[^A-Za-z0-9+/]/);
  const digits = stray < 0 ? text.length : stray;
  const padding = text.slice(digits);
  if (text.length % 4 === 0 && (padding === '' || padding === '=' || padding === '==')) return text;
  const at = stray >= 0 && text[stray] !== '=' ? stray : Math.min(digits, text.length - (text.length % 4));
  return new MalformedValue(`illegal base64 data at input byte ${at}`);
}

function time(raw: unknown, micro: boolean): ScalarResult {
  if (typeof raw !== 'string') {
    const shown = Array.isArray(raw) ? 'array' : typeof raw === 'boolean' ? 'bool' : typeof raw;
    return new MalformedValue(`json: cannot unmarshal ${shown} into Go value of type string`);
  }
  const match = timePattern.exec(raw);
  if (!match) return badTime(raw, micro);
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12) return new MalformedValue(`parsing time "${raw}": month out of range`);
  if (Number(day) < 1 || Number(day) > daysInMonth) {
    return new MalformedValue(`parsing time "${raw}": day out of range`);
  }
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(instant)) return new MalformedValue(`parsing time "${raw}": hour out of range`);
  if (!micro && canonicalTime.test(raw)) return raw;
  const seconds = new Date(instant).toISOString().slice(0, 19);
  return micro ? `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z` : `${seconds}Z`;
}

function badTime(raw: string, micro: boolean): MalformedValue {
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  const quoted = JSON.stringify(raw);
  return new MalformedValue(`parsing time ${quoted} as "${layout}": cannot parse ${quoted} as "2006"`);
}
