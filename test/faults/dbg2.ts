import { nameOf, plansOf } from './plan.ts';
import { runWorkload } from './run-workload.ts';
import { workloads } from './workloads/index.ts';

const w = workloads.find((x) => x.name.includes(process.argv[2] ?? ''))!;
const o = await runWorkload(w);
for (const [i, p] of plansOf(o.traces).entries()) {
  if (process.argv[3] && i !== Number(process.argv[3])) continue;
  console.log(i, nameOf(p));
  await runWorkload(w, p).catch((e) => console.log(String(e)));
}
