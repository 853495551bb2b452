/** How the values of flags are written: as Go programs read them. Each throws a UsageError that says what it expected. */
import { UsageError } from '../../base/index.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const durationPattern = /^([+-])?((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** `15s`, `1m30s`, `300ms`, `1.5h`, `0`: milliseconds. */
export function parseDuration(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = durationPattern.exec(text);
  if (!match) throw new UsageError(`"${text}" is not a duration (such as 15s or 1m30s)`);
  const parts = text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g);
  const sum = [...parts].reduce((ms, [, amount, unit]) => ms + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0);
  return match[1] === '-' ? -sum : sum;
}

const truths = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const untruths = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** What Go's strconv.ParseBool takes. */
export function isBool(text: string): boolean {
  return truths.has(text) || untruths.has(text);
}

export function parseBool(text: string): boolean {
  if (isBool(text)) return truths.has(text);
  throw new UsageError(`"${text}" is not true or false`);
}

export function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new UsageError(`"${text}" is not a whole number`);
  return value;
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`"${text}" is not a number`);
  return value;
}

/** `a,b,c` */
export function parseList(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}
