/**
 * `$(NAME)` in commands, arguments and values of variables; `$$` is one dollar. A name that is not known stays as it
 * is. Upstream: third_party/forked/golang/expansion.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? found),
  );
}

/** The same, but a name that is not known is an error: for paths, where it must not stand. */
export function expandStrictly(text: string, lookup: (name: string) => string | undefined): string {
  const missing: string[] = [];
  const result = expand(text, (name) => {
    const value = lookup(name);
    if (value === undefined) missing.push(name);
    return value;
  });
  if (missing.length > 0) throw new RangeError(`missing value for ${JSON.stringify(missing[0])}`);
  return result;
}
