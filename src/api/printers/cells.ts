/** How single values look in a table. */
import type { Container } from '../gen/core.v1.gen.ts';
import type { LabelSelector } from '../gen/meta.v1.gen.ts';
import type { Labels } from '../selectors.ts';

export const none = '<none>';
export const unset = '<unset>';
const unknown = '<unknown>';

const secondMs = 1000;
const minuteS = 60;
const hourS = 3600;
const dayH = 24;
const yearD = 365;

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

/** A span of milliseconds in two units at most: `85s`, `31m`, `2d3h`. Upstream: duration.HumanDuration. */
export function humanDuration(spanMs: number): string {
  const seconds = Math.trunc(spanMs / secondMs);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * minuteS) return `${seconds}s`;
  const minutes = Math.floor(seconds / minuteS);
  if (minutes < 10) return withRest(minutes, 'm', seconds % minuteS, 's');
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.floor(seconds / hourS);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 2 * dayH) return `${hours}h`;
  const days = Math.floor(hours / dayH);
  if (days < 8) return withRest(days, 'd', hours % dayH, 'h');
  if (days < 2 * yearD) return `${days}d`;
  const years = Math.floor(days / yearD);
  return years < 8 ? withRest(years, 'y', days % yearD, 'd') : `${years}y`;
}

/** How long ago a timestamp lies. */
export function since(timestamp: string | undefined, nowMs: number): string {
  return timestamp ? humanDuration(nowMs - Date.parse(timestamp)) : unknown;
}

const accessModeNames: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,ROX`, in a fixed order, each mode once. */
export function accessModesText(modes: readonly string[] | undefined): string {
  const known = Object.entries(accessModeNames).filter(([mode]) => modes?.includes(mode));
  return known.map(([, name]) => name).join(',');
}

export function labelsText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.sort().join(',');
}

const operators: Readonly<Record<string, string>> = { In: 'in', NotIn: 'notin' };

export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return none;
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operators[operator] ?? operator} (${[...values].sort().join(',')})`);
  }
  return parts.length === 0 ? none : parts.sort().join(',');
}

export function containerNames(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.name).join(',');
}

export function containerImages(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.image ?? '').join(',');
}
