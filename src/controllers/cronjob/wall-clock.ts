/** What a clock on the wall shows at an instant, in a time zone. */

export interface WallTime {
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** From 0, Sunday. */
  readonly weekDay: number;
}

export function isTimeZone(timeZone: string): boolean {
  // `Local` and offsets are names that programs disagree about.
  if (timeZone === '' || !/^[A-Za-z]/.test(timeZone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    // A RangeError is how Intl says no.
    return false;
  }
}

export function wallClock(timeZone: string): (atMs: number) => WallTime {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return utc;
  const numeric = { month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', ...numeric });
  return (atMs) => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { month, day, hour, minute, weekDay: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}

function utc(atMs: number): WallTime {
  const date = new Date(atMs);
  return {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    weekDay: date.getUTCDay(),
  };
}

/** RFC 3339 with the offset of the time zone at that instant: `2026-01-01T09:00:00+09:00`. */
export function localTimestamp(atMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const offset = /GMT([+-]\d\d:\d\d)/.exec(name)?.[1];
  if (offset === undefined || offset === '+00:00') return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  const offsetMs = (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return `${new Date(atMs + offsetMs).toISOString().slice(0, 19)}${offset}`;
}
