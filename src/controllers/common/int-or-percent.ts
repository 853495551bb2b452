/** A count given as a number or as a percentage of a total. Upstream: apimachinery util/intstr. */
export function scaledValue(
  value: number | string | undefined,
  total: number,
  { roundUp }: { readonly roundUp: boolean },
): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = Number(/^(\d+)%$/.exec(value)?.[1] ?? 0);
  const exact = (percent * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}
