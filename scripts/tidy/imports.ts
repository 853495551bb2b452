import type { Layer } from '../../src/layers.ts';
import type { Import, SourceFile, Violation } from './source-file.ts';

export type Layers = Readonly<Record<string, Layer>>;

/** The row of a file: its folder below src, or two folders where the table splits one. */
export function findRow(layers: Layers, path: string): string | undefined {
  const [top, first, second] = path.split('/');
  if (top !== 'src' || first === undefined || second === undefined) return undefined;
  const nested = `${first}/${second}`;
  return nested in layers ? nested : first;
}

function judge(layers: Layers, file: SourceFile, target: string): string | undefined {
  const from = findRow(layers, file.path);
  const to = findRow(layers, target);
  if (target.endsWith('.test.ts')) return `${target} is a test`;
  if (from === undefined) return undefined;
  if (to === undefined) {
    return file.isTest || target.startsWith('src/') ? undefined : `${target} is not part of the program`;
  }
  if (from === to) {
    const isOwnIndex = target === `src/${from}/index.ts` && !file.isTest;
    return isOwnIndex ? 'inside a row import the file itself, not the index' : undefined;
  }
  if (target !== `src/${to}/index.ts`) return `${to} is reached through its index.ts, not ${target}`;
  const { mayImport } = layers[from] ?? { mayImport: [] };
  const isAllowed = file.isTest || mayImport === 'anything' || mayImport.includes(to);
  return isAllowed ? undefined : `${from} may not import ${to}`;
}

/** Imports that the table of src/layers.ts does not allow. Tests may import every row, through its index. */
export function checkImports(layers: Layers, files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const file of files) {
    const row = findRow(layers, file.path);
    if (row !== undefined && !(row in layers)) {
      violations.push({ path: file.path, line: 1, rule: 'layers', message: `src/layers.ts has no row ${row}` });
    }
    for (const { target, isRelative, line } of file.imports) {
      const message = isRelative ? judge(layers, file, target) : undefined;
      if (message) violations.push({ path: file.path, line, rule: 'layers', message });
    }
  }
  return violations;
}

/** Type-only rows: an import from them must vanish when types are stripped. */
export function checkTypesOnly(layers: Layers, files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  for (const file of files) {
    const typesOnly = layers[findRow(layers, file.path) ?? '']?.typesOnly ?? [];
    if (typesOnly.length === 0 || file.isTest) continue;
    const values = file.parsed.module.staticImports.filter(({ entries }) => entries.some(({ isType }) => !isType));
    const lines = new Set(values.map(({ moduleRequest }) => file.lineAt(moduleRequest.start)));
    const isForbidden = ({ target, line }: Import) =>
      lines.has(line) && typesOnly.includes(findRow(layers, target) ?? '');
    for (const { target, line } of file.imports.filter(isForbidden)) {
      violations.push({ path: file.path, line, rule: 'layers', message: `only types may be imported from ${target}` });
    }
  }
  return violations;
}
