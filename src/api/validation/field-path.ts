/** Where a value sits in an object. Turned into text only when there is an error to tell. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #segment: string;

  private constructor(segment: string, parent: FieldPath | undefined) {
    this.#segment = segment;
    this.#parent = parent;
  }

  static of(...names: readonly [string, ...string[]]): FieldPath {
    const [first, ...rest] = names;
    return new FieldPath(first, undefined).child(...rest);
  }

  child(...names: readonly string[]): FieldPath {
    return names.reduce<FieldPath>((path, name) => new FieldPath(`.${name}`, path), this);
  }

  index(index: number): FieldPath {
    return new FieldPath(`[${index}]`, this);
  }

  key(key: string): FieldPath {
    return new FieldPath(`[${key}]`, this);
  }

  toString(): string {
    return `${this.#parent ?? ''}${this.#segment}`;
  }
}
