/** The table in docs/mutants.md. */
import type { Mutant } from './mutant.ts';
import type { CitingTest } from './verdict.ts';

const header = '| mutant | what it breaks | where | caught by |\n|---|---|---|---|\n';

/** A title may hold what a table takes for a cell's end. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The document with its table, which is its end, written anew. */
export function writeTable(
  text: string,
  caught: readonly { readonly mutant: Mutant; readonly by: readonly CitingTest[] }[],
): string {
  const start = text.indexOf('| mutant |');
  const before = start < 0 ? text : text.slice(0, start);
  const rows = caught.map(({ mutant: { name, breaks, file }, by }) => {
    const [first] = by;
    const caughtBy = `${first?.file}: ${first?.test}`;
    return `| ${[name, breaks.join(', '), file, caughtBy].map(cell).join(' | ')} |\n`;
  });
  return `${before}${header}${rows.join('')}`;
}
