/**
 * Measures `stowage up` with its default flags from a second process, through the public API.
 * Usage: npm run bench [-- --runs N] [scenario ...]. Prints one JSON document.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Figures } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const runs = Number(values.runs);
const chosen = scenarios.filter(({ name, isLong }) => (positionals.length > 0 ? positionals.includes(name) : !isLong));
if (chosen.length === 0)
  throw new Error(`unknown scenario; there are: ${scenarios.map(({ name }) => name).join(', ')}`);

const results: Record<string, { median: Figures; runs: readonly Figures[] }> = {};
for (const scenario of chosen) {
  const figures: Figures[] = [];
  for (let run = 0; run < runs; run++) figures.push(await scenario.run());
  const median: Record<string, number> = {};
  for (const key of Object.keys(figures[0] ?? {})) {
    const sorted = figures.map((figure) => figure[key] ?? 0).sort((a, b) => a - b);
    median[key] = sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
  results[scenario.name] = { median, runs: figures };
  process.stderr.write(`${scenario.name}: ${JSON.stringify(median)}\n`);
}
const machine = {
  cores: cpus().length,
  model: cpus()[0]?.model,
  memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
process.stdout.write(`${JSON.stringify({ machine, runs, results }, null, 2)}\n`);
