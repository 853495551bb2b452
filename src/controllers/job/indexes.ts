/** The completion indexes of a Job as its status writes them: `0-3,5,7-8`. Pure. Upstream: job/indexed_job_utils.go. */

/** Indexes that are not below `completions` are left out, as is what is not an index. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of text?.split(',') ?? []) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!match) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
    for (let index = first; index <= last; index++) indexes.add(index);
  }
  return indexes;
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((left, right) => left - right);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] ?? 0;
    let last = first;
    for (at++; sorted[at] === last + 1; at++) last++;
    // Two in a row are shorter as a list than as a range, and upstream writes a list of them.
    if (last === first) parts.push(`${first}`);
    else if (last === first + 1) parts.push(`${first}`, `${last}`);
    else parts.push(`${first}-${last}`);
  }
  return parts.join(',');
}
