/** The messages that are a single value in JSON: quantities, times, numbers or names, and JSON itself. */
import { malformed, type WireReader } from './wire-reader.ts';

/** What a Date can hold. */
const maxSeconds = 8.64e12;
const nanosPerSecond = 1e9;

export function readQuantity(reader: WireReader): string {
  let text = '';
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) text = reader.string();
    else reader.skip();
  }
  return text || '0';
}

/** A time in UTC; undefined for an empty message, which is Go's zero time. */
export function readTime(reader: WireReader, precision: 'time' | 'microtime'): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) seconds = Number(reader.int64());
    else if (number === 2) nanos = reader.int32();
    else reader.skip();
  }
  if (seconds === undefined) return undefined;
  if (Math.abs(seconds) > maxSeconds || nanos < 0 || nanos >= nanosPerSecond) throw malformed('a time makes no sense');
  const whole = new Date(seconds * 1000).toISOString().replace('.000Z', '');
  if (precision === 'time') return `${whole}Z`;
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

export function readIntOrString(reader: WireReader): number | string {
  let isString = false;
  let int = 0;
  let text = '';
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) isString = reader.int64() === 1n;
    else if (number === 2) int = reader.int32();
    else if (number === 3) text = reader.string();
    else reader.skip();
  }
  return isString ? text : int;
}

/** A value without a type of its own travels as its JSON; undefined when there is none. */
export function readJson(reader: WireReader, parseJson: (text: string) => unknown): unknown {
  let text = '';
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number === 1) text = reader.string();
    else reader.skip();
  }
  if (text === '') return undefined;
  try {
    return parseJson(text);
  } catch (thrown) {
    throw malformed('a part that should be JSON is none', thrown);
  }
}
