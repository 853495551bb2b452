import { describe, expect, it } from 'vitest';
import { checkBanned } from './banned.ts';
import { checkFileCycles, checkFolderCycles, findCycles } from './cycles.ts';
import { checkImports, checkTypesOnly } from './imports.ts';
import { checkLedger, compareIds, completeStatus, findCitations, parseStatus } from './ledger.ts';
import { checkSizes } from './sizes.ts';
import { parseSource } from './source-file.ts';

const layers = {
  base: { mayImport: [] },
  api: { mayImport: ['base'] },
  'console/web': { mayImport: ['api'], typesOnly: ['api'] },
  cluster: { mayImport: 'anything' as const },
};

function messages(violations: readonly { readonly message: string }[]): string[] {
  return violations.map(({ message }) => message);
}

describe('imports', () => {
  const check = (path: string, text: string) => messages(checkImports(layers, [parseSource(path, text)]));

  it('lets a row import the rows of its line through their index', () => {
    expect(check('src/api/a.ts', `import { x } from '../base/index.ts'; import './b.ts'; import 'node:fs';`)).toEqual(
      [],
    );
    expect(check('src/cluster/a.ts', `import '../console/web/index.ts';`)).toEqual([]);
  });

  it.each([
    ['src/base/a.ts', `import { x } from '../api/index.ts';`, 'base may not import api'],
    ['src/base/a.ts', `export { x } from '../api/index.ts';`, 'base may not import api'],
    ['src/base/a.ts', `export * from '../api/index.ts';`, 'base may not import api'],
    ['src/base/a.ts', `await import('../api/index.ts');`, 'base may not import api'],
    ['src/base/a.ts', `type X = import('../api/index.ts').X;`, 'base may not import api'],
    [
      'src/api/a.ts',
      `import type { X } from '../base/x.ts';`,
      'base is reached through its index.ts, not src/base/x.ts',
    ],
    ['src/api/sub/a.ts', `import '../index.ts';`, 'inside a row import the file itself, not the index'],
    ['src/api/a.ts', `import './b.test.ts';`, 'src/api/b.test.ts is a test'],
    ['src/api/a.ts', `import '../../test/x.ts';`, 'test/x.ts is not part of the program'],
    ['src/console/web/a.ts', `import '../../base/index.ts';`, 'console/web may not import base'],
    ['src/nowhere/a.ts', '', 'src/layers.ts has no row nowhere'],
  ])('%s with %s: %s', (path, text, message) => {
    expect(check(path, text)).toEqual([message]);
  });

  it('lets tests import every row through its index, and test support', () => {
    const text = `import '../api/index.ts'; import '../../test/support/host.ts';`;
    expect(check('src/base/a.test.ts', text)).toEqual([]);
    expect(check('src/base/a.test.ts', `import '../api/deep.ts';`)).toHaveLength(1);
  });

  it('holds a types-only row to types', () => {
    const web = (text: string) => checkTypesOnly(layers, [parseSource('src/console/web/a.ts', text)]);
    expect(web(`import type { X } from '../../api/index.ts';`)).toEqual([]);
    expect(web(`import { X } from '../../api/index.ts';`)).toHaveLength(1);
  });
});

describe('cycles', () => {
  it('finds each circle once', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c', 'd'])],
      ['c', new Set(['a'])],
      ['d', new Set(['d2'])],
    ]);
    expect(findCycles(graph)).toEqual([['a', 'b', 'c']]);
    expect(findCycles(new Map([['a', new Set(['a'])]]))).toEqual([['a']]);
    expect(findCycles(new Map([['a', new Set(['b'])]]))).toEqual([]);
  });

  it('names the files that import each other, for types as well', () => {
    const files = [
      parseSource('src/api/a.ts', `import type { B } from './b.ts';`),
      parseSource('src/api/b.ts', `import { A } from './a.ts';`),
    ];
    expect(messages(checkFileCycles(files))).toEqual([
      'files import each other: src/api/a.ts -> src/api/b.ts -> src/api/a.ts',
    ]);
  });

  it('names the folders that need each other though no file does, and leaves the index out', () => {
    const files = [
      parseSource('src/api/x/a.ts', `import '../y/b.ts';`),
      parseSource('src/api/y/c.ts', `import '../x/d.ts';`),
      parseSource('src/api/index.ts', `export * from './x/a.ts';`),
      parseSource('src/api/x/e.ts', `import '../z.ts';`),
    ];
    expect(messages(checkFolderCycles(files))).toEqual([
      'folders import each other: src/api/x -> src/api/y -> src/api/x',
    ]);
  });
});

describe('banned calls', () => {
  const check = (path: string, text: string) => messages(checkBanned(layers, [parseSource(path, text)]));

  it.each([
    ['Date.now();'],
    ['new Date();'],
    ['performance.now();'],
    ['Math.random();'],
    ['setTimeout(f, 1);'],
    ['process.env.HOME;'],
    [`import { spawn } from 'node:child_process';`],
    [`import { setTimeout as delay } from 'node:timers/promises';`],
    ['export default 1;'],
  ])('finds %s', (text) => {
    expect(check('src/api/a.ts', text)).toHaveLength(1);
  });

  it('is not misled by comments, strings, members of that name and dates of a given time', () => {
    const text = `// Date.now()\nconst s = 'setTimeout(f)'; clock.setTimeout(f); new Date(0); x.valueOf();`;
    expect(check('src/api/a.ts', text)).toEqual([]);
  });

  it('leaves base alone, and lets tests start processes but not wait', () => {
    expect(check('src/base/a.ts', 'Date.now();')).toEqual([]);
    expect(check('src/api/a.test.ts', `import 'node:child_process'; process.env.HOME;`)).toEqual([]);
    expect(check('src/api/a.test.ts', 'setTimeout(f, 100);')).toHaveLength(1);
    expect(check('test/integration/a.test.ts', 'setTimeout(f, 100);')).toHaveLength(1);
    expect(check('test/e2e/a.test.ts', 'setTimeout(f, 100);')).toEqual([]);
  });
});

describe('sizes', () => {
  it('refuses a file above the limit unless it is generated', () => {
    const long = '\n'.repeat(601);
    expect(checkSizes([parseSource('src/api/a.ts', long)])).toHaveLength(1);
    expect(checkSizes([parseSource('src/api/a.ts', '\n'.repeat(600))])).toEqual([]);
    expect(checkSizes([parseSource('src/api/gen/a.ts', long), parseSource('src/api/a.gen.ts', long)])).toEqual([]);
  });
});

describe('the ledger', () => {
  const test = parseSource(
    'src/api/a.test.ts',
    "import { it } from 'vitest'; it('[B9][rel-D2] x', f); it.each([])('[rel-S-FS1] y', f); it(`[I12] ${z}`, f); f('[x]');",
  );
  const table =
    '# Status\n\n| id | state | evidence |\n|---|---|---|\n| B9 | done | a |\n| C1 | done | b |\n| C2 | gone | c |\n';

  it('reads ids out of titles', () => {
    expect([...findCitations([test]).keys()].sort()).toEqual(['B9', 'I12', 'rel-D2', 'rel-S-FS1']);
  });

  it('wants a row for every cited id, a test for every finished row, and a known state', () => {
    expect(messages(checkLedger(parseStatus(table), findCitations([test])))).toEqual([
      'C1 is done, but no test title cites it',
      'C2 is "gone"; a state is one of done, partial, planned',
      'I12 has no row, but is cited in src/api/a.test.ts',
      'rel-D2 has no row, but is cited in src/api/a.test.ts',
      'rel-S-FS1 has no row, but is cited in src/api/a.test.ts',
    ]);
  });

  it('adds missing rows in order and changes no other', () => {
    const completed = completeStatus(table, findCitations([test]));
    expect(parseStatus(completed).map(({ id }) => id)).toEqual(['B9', 'C1', 'C2', 'I12', 'rel-D2', 'rel-S-FS1']);
    expect(completed).toContain('| C1 | done | b |');
    expect(completeStatus(completed, findCitations([test]))).toBe(completed);
  });

  it('sorts ids by letters and then by number', () => {
    expect(['B10', 'rel-A1', 'B9', 'A2'].sort(compareIds)).toEqual(['A2', 'B9', 'B10', 'rel-A1']);
  });
});
