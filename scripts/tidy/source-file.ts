import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type ParseResult, parseSync } from 'oxc-parser';

export interface Import {
  /** The imported file, relative to the checkout; for a package its name as written. */
  readonly target: string;
  readonly isRelative: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** Relative to the checkout: `src/base/clock.ts`. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  /** A test, or what only tests use: it imports the test runner. */
  readonly isTest: boolean;
  readonly isGenerated: boolean;
  readonly parsed: ParseResult;
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

/** One breach of a rule, as an editor's terminal can jump to it. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

interface Request {
  readonly specifier: string;
  readonly offset: number;
}

/** Static imports, re-exports, dynamic imports of a literal, and import types. */
function findRequests(text: string, { module }: ParseResult): Request[] {
  const found: Request[] = module.staticImports.map(({ moduleRequest: { value, start } }) => ({
    specifier: value,
    offset: start,
  }));
  for (const { entries } of module.staticExports) {
    const request = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) found.push({ specifier: request.value, offset: request.start });
  }
  for (const match of text.matchAll(/\bimport\(\s*(['"])([^'"]+)\1/g)) {
    found.push({ specifier: match[2] ?? '', offset: match.index });
  }
  return found;
}

export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const lineAt = lineFinder(text);
  const imports = findRequests(text, parsed).map(({ specifier, offset }) => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? posix.join(dirname(path), specifier) : specifier;
    return { target, isRelative, line: lineAt(offset) };
  });
  return {
    path,
    text,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    isTest: path.endsWith('.test.ts') || path.startsWith('test/') || imports.some(({ target }) => target === 'vitest'),
    isGenerated: path.includes('/gen/') || path.endsWith('.gen.ts'),
    parsed,
    imports,
    lineAt,
  };
}

const sourcePattern = /\.(ts|js)$/;

/** Every TypeScript and JavaScript file below the folders of the checkout. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && sourcePattern.test(entry.name) && !entry.name.endsWith('.d.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => parseSource(posix.relative(root, path), readFileSync(path, 'utf8'))),
  );
}
