/**
 * Structured logs: a constant message and fields. Text lines follow klog's format, JSON lines Kubernetes' component
 * format. Values of secrets never reach a logger: callers pass names and identities.
 */
import { type DestinationStream, pino } from 'pino';
import { type Clock, realClock } from './clock.ts';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** Operators read these: one line per change of state, not per retry. */
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Detail, printed from verbosity 4 on (`-v 4`). */
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds the fields to every line. */
  with(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly verbosity: number;
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
}

const severities: Readonly<Record<number, string>> = { 20: 'I', 30: 'I', 40: 'W', 50: 'E' };

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function textValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}

/** `I1121 01:02:03.000004   1 component] "message" key="value"` */
function klogLine(record: Record<string, unknown>, nowMs: number): string {
  const { level, msg, component, ...fields } = record;
  const at = new Date(nowMs);
  const date = `${pad(at.getMonth() + 1, 2)}${pad(at.getDate(), 2)}`;
  const time = `${pad(at.getHours(), 2)}:${pad(at.getMinutes(), 2)}:${pad(at.getSeconds(), 2)}`;
  const head = `${severities[Number(level)] ?? 'I'}${date} ${time}.${pad(at.getMilliseconds(), 3)}000 ${process.pid}`;
  let line = `${head} ${component ?? 'stowage'}] ${JSON.stringify(msg)}`;
  for (const [key, value] of Object.entries(fields)) line += ` ${key}=${textValue(value)}`;
  return `${line}\n`;
}

export function createLogger(options: LogOptions): Logger {
  const clock = options.clock ?? realClock;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const destination: DestinationStream = {
    write: (line) => write(options.format === 'json' ? line : klogLine(JSON.parse(line), clock.now())),
  };
  const root = pino(
    {
      base: null,
      level: options.verbosity >= 4 ? 'debug' : 'info',
      timestamp: options.format === 'json' ? () => `,"ts":${clock.now()}` : false,
      serializers: { error: (error: unknown) => (error instanceof Error ? error.message : error) },
    },
    destination,
  );
  const wrap = (target: typeof root): Logger => ({
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    debug: (message, fields) => target.debug(fields ?? {}, message),
    with: (fields) => wrap(target.child({ ...fields })),
  });
  return wrap(root);
}

/** Discards everything: for tests that do not look at logs. */
export const silentLogger: Logger = {
  info() {},
  warn() {},
  error() {},
  debug() {},
  with: () => silentLogger,
};
