/**
 * The flags of a role as data: how each is written, what it is without being given, and whether it does anything here.
 * The command line offers what stands in the table, and nothing below it reads flags.
 */
import { UsageError } from '../../base/index.ts';
import { parseBool, parseDuration, parseInteger, parseList, parseNumber } from './values.ts';

export interface Flag<T> {
  readonly fallback: T;
  /** Throws a UsageError that says what is wrong with the text. */
  readonly parse: (text: string) => T;
  /** What stands for the value in the help; a flag without one is true when it is named alone. */
  readonly value?: string;
  readonly help: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a table mixes flags of every type
export type FlagTable = Readonly<Record<string, Flag<any>>>;

export type FlagValues<Table extends FlagTable> = { readonly [Name in keyof Table]: ReturnType<Table[Name]['parse']> };

/** What was given on the command line: texts by the name of the flag. */
export type GivenFlags = ReadonlyMap<string, string>;

interface Limits {
  readonly atLeast?: number;
  readonly above?: number;
  readonly atMost?: number;
}

function limited(parse: (text: string) => number, { atLeast, above, atMost }: Limits): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (atLeast !== undefined && value < atLeast) throw new UsageError(`"${text}" is too small`);
    if (above !== undefined && value <= above) throw new UsageError(`"${text}" is too small`);
    if (atMost !== undefined && value > atMost) throw new UsageError(`"${text}" is too large`);
    return value;
  };
}

/** Milliseconds; the default and the limits are written as the flag is, in milliseconds. */
export function duration(fallback: string, help: string, limits: Limits = { atLeast: 0 }): Flag<number> {
  return { fallback: parseDuration(fallback), parse: limited(parseDuration, limits), value: 'duration', help };
}

export function integer(fallback: number, help: string, limits: Limits = { atLeast: 0 }): Flag<number> {
  return { fallback, parse: limited(parseInteger, limits), value: 'n', help };
}

export function number(fallback: number, help: string, limits: Limits = { atLeast: 0 }): Flag<number> {
  return { fallback, parse: limited(parseNumber, limits), value: 'n', help };
}

export function bool(fallback: boolean, help: string): Flag<boolean> {
  return { fallback, parse: parseBool, help };
}

export function text(fallback: string, help: string): Flag<string> {
  return { fallback, parse: (given) => given, value: 'text', help };
}

export function file(help: string): Flag<string> {
  return { fallback: '', parse: (given) => given, value: 'file', help };
}

export function oneOf<T extends string>(values: readonly T[], fallback: T, help: string): Flag<T> {
  const parse = (given: string): T => {
    const known = values.find((value) => value === given);
    if (known === undefined) throw new UsageError(`"${given}" is not ${values.join(' or ')}`);
    return known;
  };
  return { fallback, parse, value: values.join('|'), help };
}

export function list(fallback: readonly string[], help: string): Flag<readonly string[]> {
  return { fallback, parse: parseList, value: 'list', help };
}

/** The value of every flag of the table. Throws a UsageError that begins with the flag's name. */
export function readFlags<Table extends FlagTable>(table: Table, given: GivenFlags): FlagValues<Table> {
  const values = Object.entries(table).map(([name, flag]) => {
    const written = given.get(name);
    if (written === undefined) return [name, flag.fallback];
    try {
      return [name, flag.parse(written)];
    } catch (thrown) {
      if (!(thrown instanceof UsageError)) throw thrown;
      throw new UsageError(`--${name}: ${thrown.message}`, { cause: thrown });
    }
  });
  return Object.fromEntries(values) as FlagValues<Table>;
}

/** Flags that operators give and that change nothing here, by the reason why. */
export type IdleFlags = Readonly<Record<string, FlagTable>>;

export function flatten(idle: IdleFlags): FlagTable {
  return Object.assign({}, ...Object.values(idle));
}

export interface IdleFlag {
  readonly flag: string;
  readonly reason: string;
}

/** Those that were given. Their values are checked all the same: a mistake is told today, not with the next version. */
export function idleFlagsGiven(idle: IdleFlags, given: GivenFlags): readonly IdleFlag[] {
  return Object.entries(idle).flatMap(([reason, table]) => {
    readFlags(table, given);
    return Object.keys(table).flatMap((name) => (given.has(name) ? [{ flag: `--${name}`, reason }] : []));
  });
}
