/** The recorded outputs of kubectl, and how two outputs are compared. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '..', '..', 'golden');

export interface Golden {
  readonly name: string;
  /** The words after `kubectl`. */
  readonly args: readonly string[];
  /** What was given on standard input. */
  readonly input: string | undefined;
  readonly output: string;
  readonly exitCode: number;
}

function splitWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

export function golden(name: string): Golden {
  const lines = readFileSync(join(directory, `${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n');
  const exitCode = Number(/^\[exit (\d+)\]$/.exec(lines.at(-1) ?? '')?.[1]);
  const command = (lines[0] ?? '').replace(/^\$ kubectl /, '');
  const heredoc = command.endsWith(' <<E');
  const end = heredoc ? lines.indexOf('E') : 0;
  return {
    name,
    args: splitWords(command.replace(/ <<E$/, '')),
    input: heredoc ? lines.slice(1, end).join('\n') : undefined,
    output: lines.slice(end + 1, -1).join('\n'),
    exitCode,
  };
}

export function goldenNames(prefix: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.txt'))
    .map((file) => file.slice(0, -'.txt'.length))
    .sort();
}

/** What differs from run to run, replaced by its kind. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID'],
  [/\b[0-9a-f]{64}\b/g, 'SHA256'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'DATE'],
  [/(resourceVersion: )"\d+"/g, '$1"RV"'],
  [/(Resource Version: +)\d+/g, '$1RV'],
  [/csiProvisionerIdentity([=:] ?)\d+-\d+-/g, 'csiProvisionerIdentity$1ID-'],
  [/\bweb-[0-9a-f]{8,10}\b/g, 'web-HASH'],
  [/\bnode-0\b/g, 'n1'],
];

export function mask(text: string): string {
  let masked = text;
  for (const [pattern, replacement] of masks) masked = masked.replace(pattern, replacement);
  return masked;
}

/** The cells of a printed table: columns are two or more spaces apart. Ages are masked. */
export function tableRows(text: string): string[][] {
  return mask(text)
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/ {2,}/))
    .map((cells) => cells.map((cell) => cell.replace(/^(\d+[smhdy])+$/, 'AGE')));
}
