/** docs/status.md: one row per rule of the ledger, and the tests that express it by its id. */
import { Visitor } from 'oxc-parser';
import type { SourceFile, Violation } from './source-file.ts';

export interface StatusRow {
  readonly id: string;
  readonly state: string;
  readonly evidence: string;
  readonly line: number;
}

export const statusPath = 'docs/status.md';
const states = new Set(['done', 'partial', 'planned']);

const idPattern = /\[((?:rel-)?(?:[A-Z]-)?[A-Z]{1,3}\d+[a-z]?(?:-[A-Z]*\d*)?|rel-[A-Z]+-[A-Z]+\d+[a-z]?)\]/g;

export function parseStatus(text: string): StatusRow[] {
  return text.split('\n').flatMap((content, index) => {
    const cells = content.split('|').map((cell) => cell.trim());
    const [, id = '', state = '', evidence = ''] = cells;
    const isRow = content.startsWith('|') && id !== 'id' && !/^:?-+:?$/.test(id);
    return isRow ? [{ id, state, evidence, line: index + 1 }] : [];
  });
}

/** Ids by the files whose test titles cite them. */
export function findCitations(files: readonly SourceFile[]): Map<string, Set<string>> {
  const citations = new Map<string, Set<string>>();
  for (const file of files.filter((candidate) => candidate.isTest)) {
    for (const title of titlesOf(file)) {
      for (const [, id = ''] of title.matchAll(idPattern)) {
        citations.set(id, (citations.get(id) ?? new Set()).add(file.path));
      }
    }
  }
  return citations;
}

/** The literal first arguments of calls: titles of tests and suites are among them, and nothing else has such ids. */
function titlesOf(file: SourceFile): string[] {
  const titles: string[] = [];
  const visitor = new Visitor({
    CallExpression: ({ arguments: [first] }) => {
      if (first?.type === 'Literal' && typeof first.value === 'string') titles.push(first.value);
      if (first?.type === 'TemplateLiteral') titles.push(first.quasis.map((part) => part.value.cooked ?? '').join(''));
    },
  });
  visitor.visit(file.parsed.program);
  return titles;
}

/** Every cited id has a row; every row that claims to be done is cited. */
export function checkLedger(
  rows: readonly StatusRow[],
  citations: ReadonlyMap<string, ReadonlySet<string>>,
): Violation[] {
  const violations: Violation[] = [];
  const known = new Set<string>();
  const report = (line: number, message: string) => {
    violations.push({ path: statusPath, line, rule: 'ledger', message });
  };
  for (const { id, state, line } of rows) {
    if (known.has(id)) report(line, `${id} has two rows`);
    known.add(id);
    if (!states.has(state)) report(line, `${id} is "${state}"; a state is one of ${[...states].join(', ')}`);
    if (state === 'done' && !citations.has(id)) report(line, `${id} is done, but no test title cites it`);
  }
  for (const [id, paths] of [...citations].sort(([a], [b]) => compareIds(a, b))) {
    if (!known.has(id)) report(1, `${id} has no row, but is cited in ${[...paths].join(', ')}`);
  }
  return violations;
}

/** By the letters first, then by the number. */
export function compareIds(a: string, b: string): number {
  const [, aLetters = '', aNumber = ''] = /^(.*?)(\d+)/.exec(a) ?? [];
  const [, bLetters = '', bNumber = ''] = /^(.*?)(\d+)/.exec(b) ?? [];
  if (aLetters !== bLetters) return aLetters < bLetters ? -1 : 1;
  return Number(aNumber) - Number(bNumber) || (a < b ? -1 : 1);
}

const header = `# Status

What of the ledger is there. \`done\`: the whole rule, shown by the tests named. \`partial\`: the part that those tests
show. \`planned\`: nothing yet. \`npm run tidy\` fails when a test cites an id that has no row, or a row is done without a
test that cites it; \`npm run tidy -- --write-status\` adds the missing rows as partial.

| id | state | evidence |
|---|---|---|
`;

/** The table with a row for every cited id. Rows that are there stay as they are. */
export function completeStatus(text: string, citations: ReadonlyMap<string, ReadonlySet<string>>): string {
  const rows = parseStatus(text);
  const known = new Set(rows.map(({ id }) => id));
  const added = [...citations]
    .filter(([id]) => !known.has(id))
    .map(([id, paths]) => ({ id, state: 'partial', evidence: [...paths].sort().join(', '), line: 0 }));
  const all = [...rows, ...added].sort((a, b) => compareIds(a.id, b.id));
  const head = text.includes('| id |')
    ? text.slice(0, text.indexOf('| id |'))
    : header.slice(0, header.indexOf('| id |'));
  const lines = all.map(({ id, state, evidence }) => `| ${id} | ${state} | ${evidence} |`);
  return `${head}| id | state | evidence |\n|---|---|---|\n${lines.join('\n')}\n`;
}
