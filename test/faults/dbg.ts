import { sweep } from './sweep.ts';
import { workloads } from './workloads/index.ts';

const only = process.argv[2];
for (const w of workloads) {
  if (only && !w.name.includes(only)) continue;
  const t = performance.now();
  try {
    const o = await sweep(w, Number(process.argv[3] ?? 1));
    console.log(w.name, Math.round(performance.now() - t), 'ms', o.plans, o.carriedOut, o.divergences.length);
    for (const d of o.divergences.slice(0, Number(process.argv[4] ?? 6)))
      console.log('   ', d.plan, '\n        ', d.findings.map((f) => f.slice(0, 1500)).join('\n         '));
  } catch (e) {
    console.log(w.name, 'FAILED', String(e));
  }
}
