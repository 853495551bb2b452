/**
 * The rules of this code base that no compiler knows: imports follow src/layers.ts, nothing runs in a circle, time and
 * chance are injected, files stay short, and docs/status.md matches the tests. Reports sizes. Exits 1 on a breach.
 *
 * Usage: node scripts/tidy.ts [--write-status]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layers } from '../src/layers.ts';
import { checkBanned } from './tidy/banned.ts';
import { checkFileCycles, checkFolderCycles } from './tidy/cycles.ts';
import { checkImports, checkTypesOnly } from './tidy/imports.ts';
import { checkLedger, completeStatus, findCitations, parseStatus, statusPath } from './tidy/ledger.ts';
import { checkSizes, reportSizes } from './tidy/sizes.ts';
import { readSources } from './tidy/source-file.ts';

const root = join(import.meta.dirname, '..');
const files = readSources(root, ['src', 'test', 'scripts']);
const citations = findCitations(files);
const status = join(root, statusPath);
const statusText = existsSync(status) ? readFileSync(status, 'utf8') : '';
if (process.argv.includes('--write-status')) writeFileSync(status, completeStatus(statusText, citations));

const violations = [
  ...checkImports(layers, files),
  ...checkTypesOnly(layers, files),
  ...checkFileCycles(files),
  ...checkFolderCycles(files),
  ...checkBanned(layers, files),
  ...checkSizes(files),
  ...checkLedger(parseStatus(existsSync(status) ? readFileSync(status, 'utf8') : ''), citations),
];
for (const { path, line, rule, message } of violations) process.stdout.write(`${path}:${line} [${rule}] ${message}\n`);
for (const line of reportSizes(files)) process.stdout.write(`${line}\n`);
process.stdout.write(violations.length === 0 ? 'tidy\n' : `${violations.length} breaches\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
