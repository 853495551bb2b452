import { Visitor } from 'oxc-parser';
import { findRow, type Layers } from './imports.ts';
import type { SourceFile, Violation } from './source-file.ts';

const clock = 'take a Clock';

const members = new Map([
  ['Date.now', clock],
  ['performance.now', clock],
  ['Math.random', 'take a Random'],
]);
const calls = new Map([
  ['setTimeout', clock],
  ['setInterval', clock],
]);
const modules = new Map([
  ['node:timers', clock],
  ['node:timers/promises', clock],
]);
/** Tests may start processes and read the environment; and they may let a turn of the event loop pass. */
const outsideTests = {
  members: new Map([['process.env', 'take options']]),
  calls: new Map([['setImmediate', clock]]),
  modules: new Map([
    ['node:child_process', 'take an Exec'],
    ['child_process', 'take an Exec'],
  ]),
};

/** The ground itself, and the commands, which put the real world in. */
const exemptRows = new Set(['base', 'cmd']);

/** Whether the file must do without real time and chance. Tests of the program and of its parts never wait for them. */
function isBound(layers: Layers, file: SourceFile): boolean {
  const row = findRow(layers, file.path);
  return (row !== undefined && !exemptRows.has(row)) || file.path.startsWith('test/integration/');
}

/** Real time, randomness, processes and environment outside the places that own them, and default exports. */
export function checkBanned(layers: Layers, files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [...(isBound(layers, file) ? bannedUses(file) : []), ...defaultExports(file)]);
}

function bannedUses(file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  const report = (line: number, what: string, instead: string | undefined) => {
    if (instead) violations.push({ path: file.path, line, rule: 'banned', message: `${what}: ${instead}` });
  };
  const find = (kind: 'members' | 'calls' | 'modules', name: string): string | undefined =>
    ({ members, calls, modules })[kind].get(name) ?? (file.isTest ? undefined : outsideTests[kind].get(name));
  for (const { target, isRelative, line } of file.imports) {
    if (!isRelative) report(line, target, find('modules', target));
  }
  const visitor = new Visitor({
    MemberExpression: ({ object, property, start }) => {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      report(file.lineAt(start), name, find('members', name));
    },
    CallExpression: ({ callee, start }) => {
      if (callee.type === 'Identifier') report(file.lineAt(start), callee.name, find('calls', callee.name));
    },
    NewExpression: ({ callee, arguments: args, start }) => {
      const isNow = callee.type === 'Identifier' && callee.name === 'Date' && args.length === 0;
      if (isNow) report(file.lineAt(start), 'new Date()', clock);
    },
  });
  visitor.visit(file.parsed.program);
  return violations;
}

/** Tools read their configuration from the default export. */
function defaultExports(file: SourceFile): Violation[] {
  if (file.path.endsWith('.config.ts')) return [];
  const exported = file.parsed.module.staticExports.find(({ entries }) =>
    entries.some(({ exportName }) => exportName.kind === 'Default'),
  );
  if (!exported) return [];
  return [{ path: file.path, line: file.lineAt(exported.start), rule: 'exports', message: 'default export' }];
}
