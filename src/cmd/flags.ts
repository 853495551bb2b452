/** Offers a table of flags on the command line, and gathers what was given. */
import { type Command, Option } from 'commander';
import type { Flag, FlagTable, GivenFlags } from '../cluster/index.ts';

/** Flags whose values add up when they are given again. */
const gatesValue = 'A=true,B=false';
const gathered = new Set(['list', gatesValue]);

function optionOf(name: string, flag: Flag<unknown>, given: Map<string, string>): Option {
  const placeholder = flag.value === undefined ? '[bool]' : `<${flag.value}>`;
  const short = name === 'v' ? '-v, ' : '';
  const take = (written: string): string => {
    // Of `-v=2` the parser leaves `=2`.
    const value = name === 'v' ? written.replace(/^=/, '') : written;
    const before = gathered.has(flag.value ?? '') ? given.get(name) : undefined;
    given.set(name, before === undefined ? value : `${before},${value}`);
    return value;
  };
  const fallback = describeFallback(flag.fallback, flag.value);
  const help = fallback === '' ? flag.help : `${flag.help} (default: ${fallback})`;
  const option = new Option(`${short}--${name} ${placeholder}`, help).argParser(take);
  return flag.value === undefined ? option.preset('true') : option;
}

function describeFallback(fallback: unknown, value: string | undefined): string {
  if (value === gatesValue) return '';
  if (value === 'duration') return `${Number(fallback) / 1000}s`;
  return String(fallback);
}

export function addFlags(
  command: Command,
  { flags, idle }: { readonly flags: FlagTable; readonly idle: FlagTable },
): GivenFlags {
  const given = new Map<string, string>();
  // Without what the parser adds of its own about values that may be left out.
  command.configureHelp({ optionDescription: ({ description }) => description });
  for (const [name, flag] of Object.entries(flags)) command.addOption(optionOf(name, flag, given));
  for (const [name, flag] of Object.entries(idle)) command.addOption(optionOf(name, flag, given).hideHelp());
  return given;
}
