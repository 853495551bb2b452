import { Visitor } from 'oxc-parser';
import { findRow, type Layers } from './imports.ts';
import type { SourceFile, Violation } from './source-file.ts';

const members: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Date.now': 'take a Clock',
    'performance.now': 'take a Clock',
    'Math.random': 'take a Random',
  }),
);
const calls: ReadonlyMap<string, string> = new Map(
  Object.entries({
    setTimeout: 'take a Clock',
    setInterval: 'take a Clock',
    setImmediate: 'take a Clock',
  }),
);
const modules: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'node:timers': 'take a Clock',
    'node:timers/promises': 'take a Clock',
  }),
);
const processModules: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'node:child_process': 'take an Exec',
    child_process: 'take an Exec',
  }),
);

/** The ground itself, and the commands, which put the real world in. */
const exemptRows = new Set(['base', 'cmd']);

interface Scope {
  readonly time: boolean;
  readonly surroundings: boolean;
}

/** What is checked in a file. Tests may start processes, but never wait for real time. */
function scopeOf(layers: Layers, file: SourceFile): Scope {
  const row = findRow(layers, file.path);
  const isProgram = row !== undefined && !exemptRows.has(row);
  return { time: isProgram || file.path.startsWith('test/integration/'), surroundings: isProgram && !file.isTest };
}

/** Real time, randomness, processes and environment outside the places that own them, and default exports. */
export function checkBanned(layers: Layers, files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => {
    const scope = scopeOf(layers, file);
    return [...(scope.time ? bannedUses(file, scope) : []), ...defaultExports(file)];
  });
}

function bannedUses(file: SourceFile, scope: Scope): Violation[] {
  const violations: Violation[] = [];
  const report = (offset: number, what: string, instead: string) => {
    violations.push({ path: file.path, line: file.lineAt(offset), rule: 'banned', message: `${what}: ${instead}` });
  };
  const bannedModules = scope.surroundings ? new Map([...modules, ...processModules]) : modules;
  for (const { target, isRelative, line } of file.imports) {
    const instead = isRelative ? undefined : bannedModules.get(target);
    if (instead) violations.push({ path: file.path, line, rule: 'banned', message: `${target}: ${instead}` });
  }
  const visitor = new Visitor({
    MemberExpression: ({ object, property, start }) => {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      const instead = members.get(name) ?? (scope.surroundings && name === 'process.env' ? 'take options' : undefined);
      if (instead) report(start, name, instead);
    },
    CallExpression: ({ callee, start }) => {
      const instead = callee.type === 'Identifier' ? calls.get(callee.name) : undefined;
      if (instead && callee.type === 'Identifier') report(start, callee.name, instead);
    },
    NewExpression: ({ callee, arguments: args, start }) => {
      const isNow = callee.type === 'Identifier' && callee.name === 'Date' && args.length === 0;
      if (isNow) report(start, 'new Date()', 'take a Clock');
    },
  });
  visitor.visit(file.parsed.program);
  return violations;
}

function defaultExports(file: SourceFile): Violation[] {
  const exported = file.parsed.module.staticExports.find(({ entries }) =>
    entries.some(({ exportName }) => exportName.kind === 'Default'),
  );
  if (!exported) return [];
  return [{ path: file.path, line: file.lineAt(exported.start), rule: 'exports', message: 'default export' }];
}
