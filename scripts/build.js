/**
 * Bundles src/ into dist/: one file per entry, and chunks that are loaded when they are needed. A program that runs
 * from dist/ meanwhile keeps working: chunks are named by their content, and recent ones stay.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { stampName } from './build-freshness.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/** What is run or imported by name. Those whose source does not exist are left out. */
const entries = [
  { name: 'main', source: 'src/cmd/main.ts' },
  { name: 'sqlite-worker', source: 'src/apiserver/store/sqlite-worker.ts' },
  { name: 'shim', source: 'src/kubelet/runtime/process/shim-main.ts' },
];

/** Resolved at run time, if they are installed at all: optional accelerators of ws. */
const external = ['bufferutil', 'utf-8-validate'];

/** A program that started this long ago may still load chunks of its build. */
const keptChunksMs = 24 * 60 * 60 * 1000;

/** Packages in CommonJS call require for Node.js modules. */
const banner = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`;

/**
 * The command. It turns the compile cache on before the bundle is loaded. The cache lies beside the bundle and not in
 * the shared temporary directory, where anybody could plant code.
 */
const launcher = `#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('.compile-cache', import.meta.url)));
await import('./main.js');
`;

/** @param {string} path @param {string | Uint8Array} contents */
function replaceFile(path, contents, mode = 0o644) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents, { mode });
  renameSync(temporary, path);
}

/** @param {Set<string>} kept names of this build */
function removeOldFiles(kept) {
  const now = Date.now();
  for (const name of readdirSync(dist)) {
    if (!/\.js(\.map)?$/.test(name) || kept.has(name)) continue;
    if (now - statSync(join(dist, name)).mtimeMs > keptChunksMs) rmSync(join(dist, name), { force: true });
  }
}

const startedAt = new Date();
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const present = entries.filter((entry) => existsSync(join(root, entry.source)));
const { outputFiles, metafile } = await bundle();

/** esbuild has printed what is wrong when it fails. */
async function bundle() {
  try {
    return await build({
      absWorkingDir: root,
      entryPoints: present.map((entry) => ({ in: join(root, entry.source), out: entry.name })),
      outdir: dist,
      // Beside the entries, so that a path relative to import.meta.url means the same in every file.
      chunkNames: '[name]-[hash]',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      mainFields: ['module', 'main'],
      minifySyntax: true,
      sourcemap: 'linked',
      legalComments: 'none',
      banner: { js: banner },
      define: { 'process.env.npm_package_version': JSON.stringify(version) },
      external,
      write: false,
      metafile: true,
      logLevel: 'warning',
    });
  } catch {
    process.exit(1);
  }
}

mkdirSync(dist, { recursive: true });
const entryFiles = new Set(present.map((entry) => `${entry.name}.js`));
// Entries last: they name chunks, which must be there by then.
const ordered = [...outputFiles].sort(
  (a, b) => Number(entryFiles.has(basename(a.path))) - Number(entryFiles.has(basename(b.path))),
);
for (const file of ordered) replaceFile(file.path, file.contents);
replaceFile(join(dist, 'stowage.js'), launcher, 0o755);
removeOldFiles(new Set(['stowage.js', ...outputFiles.map((file) => basename(file.path))]));
if (process.argv.includes('--meta')) writeFileSync(join(dist, 'meta.json'), JSON.stringify(metafile));
writeFileSync(join(dist, stampName), startedAt.toISOString());
// A source that was saved during the build counts as newer than it.
utimesSync(join(dist, stampName), startedAt, startedAt);
