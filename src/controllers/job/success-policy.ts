/** Whether enough of an indexed Job succeeded for the rest not to matter. Pure. Upstream: job/success_policy.go. */
import type { Job } from '../../api/index.ts';
import { parseIndexes } from './indexes.ts';

/** The position of the first rule that is met. */
export function findMetRule({ spec }: Job, succeeded: ReadonlySet<number>): number | undefined {
  const rules = spec.successPolicy?.rules ?? [];
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount;
    const wanted = parseIndexes(succeededIndexes, spec.completions ?? 0);
    return wanted.intersection(succeeded).size >= (succeededCount ?? wanted.size);
  });
  return met < 0 ? undefined : met;
}
