import { Visitor } from 'oxc-parser';
import type { SourceFile, Violation } from './source-file.ts';

const fileLimitLines = 600;
const functionLimitLines = 70;

interface Sized {
  readonly name: string;
  readonly lines: number;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function functionsOf(file: SourceFile): Sized[] {
  const found: Sized[] = [];
  const note = ({ start, end }: { readonly start: number; readonly end: number }) => {
    const line = file.lineAt(start);
    found.push({ name: `${file.path}:${line}`, lines: file.lineAt(end) - line + 1 });
  };
  new Visitor({ FunctionDeclaration: note, FunctionExpression: note, ArrowFunctionExpression: note }).visit(
    file.parsed.program,
  );
  return found;
}

function summary(what: string, sizes: readonly Sized[]): string {
  const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b);
  const longest = sizes.reduce((a, b) => (b.lines > a.lines ? b : a), { name: 'none', lines: 0 });
  const figures = `median ${percentile(sorted, 0.5)}, p95 ${percentile(sorted, 0.95)}, longest ${longest.lines}`;
  return `${sizes.length} ${what}: ${figures} (${longest.name})`;
}

/** Lines per file and per function of the program, and how much of it is comments. */
export function reportSizes(files: readonly SourceFile[]): string[] {
  const program = files.filter((file) => file.path.startsWith('src/') && !file.isTest && !file.isGenerated);
  const functions = program.flatMap(functionsOf);
  const long = functions.filter(({ lines }) => lines > functionLimitLines);
  const lineCount = program.reduce((sum, file) => sum + file.lineCount, 0);
  const commentLines = program
    .flatMap((file) => file.parsed.comments.map(({ start, end }) => file.lineAt(end) - file.lineAt(start) + 1))
    .reduce((sum, lines) => sum + lines, 0);
  const testLines = files
    .filter((file) => file.isTest)
    .map((file) => file.lineCount)
    .reduce((sum, lines) => sum + lines, 0);
  return [
    summary(
      'files',
      program.map(({ path, lineCount: lines }) => ({ name: path, lines })),
    ),
    summary('functions', functions),
    `${long.length} functions above ${functionLimitLines} lines: ${long.map(({ name }) => name).join(', ') || 'none'}`,
    `${lineCount} lines, ${((100 * commentLines) / Math.max(1, lineCount)).toFixed(1)} % comments, ${testLines} lines of tests`,
  ];
}

export function checkSizes(files: readonly SourceFile[]): Violation[] {
  return files
    .filter((file) => !file.isGenerated && file.lineCount > fileLimitLines)
    .map(({ path, lineCount }) => ({
      path,
      line: fileLimitLines,
      rule: 'size',
      message: `${lineCount} lines; the limit is ${fileLimitLines}`,
    }));
}
