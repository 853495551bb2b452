/** Copy-on-write building blocks of the defaults: what is complete is returned itself. */

/** The target with each default that is missing (or an empty string) filled in. */
export function fill<T extends object>(target: T, defaults: Partial<T>): T {
  let copy: T | undefined;
  for (const key of Object.keys(defaults) as (keyof T)[]) {
    const value: unknown = target[key];
    const wanted = defaults[key];
    if ((value === undefined || value === '') && wanted !== undefined && wanted !== value) {
      copy ??= { ...target };
      copy[key] = wanted;
    }
  }
  return copy ?? target;
}

/** The target with one property, if it has it, replaced by what the function makes of it. */
export function change<T extends object, K extends keyof T>(
  target: T,
  key: K,
  replace: (value: NonNullable<T[K]>) => T[K],
): T {
  const value = target[key];
  if (value === undefined || value === null) return target;
  const next = replace(value);
  return next === value ? target : { ...target, [key]: next };
}

/** The list with each item replaced by what the function makes of it. */
export function changeItems<T>(items: readonly T[], replace: (item: T) => T): readonly T[] {
  let copy: T[] | undefined;
  for (const [index, item] of items.entries()) {
    const next = replace(item);
    if (next !== item) {
      copy ??= [...items];
      copy[index] = next;
    }
  }
  return copy ?? items;
}

/** The target with the items of one of its lists replaced. */
export function changeEach<T extends object, K extends keyof T, I>(
  target: T & { readonly [key in K]?: readonly I[] },
  key: K,
  replace: (item: I) => I,
): T {
  const items: readonly I[] | undefined = target[key];
  if (items === undefined) return target;
  const next = changeItems(items, replace);
  return next === items ? target : { ...target, [key]: next };
}
