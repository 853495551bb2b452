/**
 * Schedules of CronJobs: five fields of cron, its macros, `@every`, in a time zone. Pure.
 * Upstream: github.com/robfig/cron ParseStandard, whose meaning of every form this keeps.
 */
import { type WallTime, wallClock } from './wall-clock.ts';

/** A schedule or time zone that nobody can follow. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

export interface Schedule {
  /** The first time after the given one, in milliseconds since the epoch; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const searchLimitMs = 5 * 366 * 24 * hourMs;

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

interface FieldKind {
  readonly lowest: number;
  readonly highest: number;
  readonly names?: readonly string[];
}

const minutes: FieldKind = { lowest: 0, highest: 59 };
const hours: FieldKind = { lowest: 0, highest: 23 };
const monthDays: FieldKind = { lowest: 1, highest: 31 };
const months: FieldKind = {
  lowest: 1,
  highest: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const weekDays: FieldKind = { lowest: 0, highest: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

interface Field {
  readonly values: ReadonlySet<number>;
  /** Every value, as opposed to a choice that happens to name them all. */
  readonly isStar: boolean;
}

/** Throws a ScheduleError. */
export function parseSchedule(text: string, timeZone: string): Schedule {
  const trimmed = text.trim();
  const every = /^@every\s+(.+)$/.exec(trimmed);
  if (every?.[1] !== undefined) return periodically(parseDuration(every[1]));
  if (trimmed.startsWith('@') && macros[trimmed] === undefined) {
    throw new ScheduleError(`unrecognized descriptor: ${trimmed}`);
  }
  const fields = (macros[trimmed] ?? trimmed).split(/\s+/);
  if (fields.length !== 5) {
    throw new ScheduleError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  const [minute = '', hour = '', monthDay = '', month = '', weekDay = ''] = fields;
  return {
    next: nextMatch(wallClock(timeZone), {
      minute: parseField(minute, minutes),
      hour: parseField(hour, hours),
      monthDay: parseField(monthDay, monthDays),
      month: parseField(month, months),
      weekDay: parseField(weekDay, weekDays),
    }),
  };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: minuteMs, h: hourMs };

/** A duration as Go writes it: `1h30m`. */
function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) throw new ScheduleError(`failed to parse duration @every ${text}`);
  let totalMs = 0;
  for (const [, count, , unit = ''] of text.matchAll(/(\d+(\.\d+)?)(h|ms|m|s)/g)) {
    totalMs += Number(count) * (unitsMs[unit] ?? 0);
  }
  return Math.max(1000, Math.floor(totalMs / 1000) * 1000);
}

function periodically(periodMs: number): Schedule {
  return { next: (afterMs) => Math.floor((afterMs + periodMs) / 1000) * 1000 };
}

function parseField(text: string, kind: FieldKind): Field {
  const values = new Set<number>();
  let isStar = false;
  for (const part of text.split(',')) {
    const { first, last, step, star } = parsePart(part, kind);
    for (let value = first; value <= last; value += step) values.add(value);
    isStar ||= star;
  }
  return { values, isStar };
}

/** `*`, `5`, `1-5`, each with `/step`; a step after a single value runs to the end. */
function parsePart(part: string, kind: FieldKind) {
  const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
  if (!match) throw new ScheduleError(`failed to parse int from ${part}`);
  const [, any, from = '', to, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${part}`);
  if (any !== undefined) return { first: kind.lowest, last: kind.highest, step, star: step === 1 };
  const first = numberOf(from, kind);
  const last = to !== undefined ? numberOf(to, kind) : stepText === undefined ? first : kind.highest;
  if (first < kind.lowest) {
    throw new ScheduleError(`beginning of range (${first}) below minimum (${kind.lowest}): ${part}`);
  }
  if (last > kind.highest) throw new ScheduleError(`end of range (${last}) above maximum (${kind.highest}): ${part}`);
  if (first > last) throw new ScheduleError(`beginning of range (${first}) beyond end of range (${last}): ${part}`);
  return { first, last, step, star: false };
}

function numberOf(text: string, { names, lowest }: FieldKind): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return lowest + named;
  if (!/^\d+$/.test(text)) throw new ScheduleError(`failed to parse int from ${text}: invalid syntax`);
  return Number(text);
}

interface Fields {
  readonly minute: Field;
  readonly hour: Field;
  readonly monthDay: Field;
  readonly month: Field;
  readonly weekDay: Field;
}

/** With both kinds of days chosen, either is enough; with one of them left open, the other decides. */
function isDay({ monthDay, weekDay }: Fields, time: WallTime): boolean {
  const inMonth = monthDay.values.has(time.day);
  const inWeek = weekDay.values.has(time.weekDay);
  return monthDay.isStar || weekDay.isStar ? inMonth && inWeek : inMonth || inWeek;
}

/**
 * Walks through the instants, so that an hour that the clock skips never matches and one that it repeats matches twice.
 */
function nextMatch(wallTime: (atMs: number) => WallTime, fields: Fields): Schedule['next'] {
  return (afterMs) => {
    let atMs = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
    for (const limitMs = atMs + searchLimitMs; atMs <= limitMs; ) {
      const time = wallTime(atMs);
      if (!fields.month.values.has(time.month) || !isDay(fields, time)) atMs += towardsMidnightMs(time);
      else if (!fields.hour.values.has(time.hour)) atMs += (60 - time.minute) * minuteMs;
      else if (!fields.minute.values.has(time.minute)) atMs += minuteMs;
      else return atMs;
    }
    return undefined;
  };
}

/** To two hours before the end of the day at once, then hour by hour: a day may have 23 or 25 of them. */
function towardsMidnightMs({ hour, minute }: WallTime): number {
  const leftMinutes = 24 * 60 - hour * 60 - minute;
  return (leftMinutes > 120 ? leftMinutes - 120 : 60 - minute) * minuteMs;
}
