/**
 * A set of fields of an object, as a tree of path elements. The elements are those of managedFields: `f:name` for a
 * field, `k:{"name":"c"}` for an item of a keyed list, `v:"x"` for a member of a set. Upstream: structured-merge-diff
 * fieldpath.
 */
import { isJsonObject } from '../patch/own-property.ts';

export class FieldSet {
  /** Whether the field that this node stands for is in the set; its children are fields of their own. */
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;

  constructor(isMember: boolean, children: ReadonlyMap<string, FieldSet> = noChildren) {
    this.isMember = isMember;
    this.children = children;
  }

  get isEmpty(): boolean {
    return !this.isMember && this.children.size === 0;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const children = new Map(this.children);
    for (const [element, child] of other.children) children.set(element, children.get(element)?.union(child) ?? child);
    return new FieldSet(this.isMember || other.isMember, children);
  }

  intersection(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSet>();
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      const common = counterpart ? child.intersection(counterpart) : nothing;
      if (!common.isEmpty) children.set(element, common);
    }
    return new FieldSet(this.isMember && other.isMember, children);
  }

  /** Without the fields of the other set. */
  difference(other: FieldSet): FieldSet {
    return this.#without(other, false);
  }

  /** Without the fields of the other set and everything below them. */
  differenceWithDescendants(other: FieldSet): FieldSet {
    return this.#without(other, true);
  }

  #without(other: FieldSet, withDescendants: boolean): FieldSet {
    if (other.isEmpty) return this;
    if (withDescendants && other.isMember) return nothing;
    const children = new Map<string, FieldSet>();
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      const rest = counterpart ? child.#without(counterpart, withDescendants) : child;
      if (!rest.isEmpty) children.set(element, rest);
    }
    return new FieldSet(this.isMember && !other.isMember, children);
  }

  equals(other: FieldSet): boolean {
    if (this.isMember !== other.isMember || this.children.size !== other.children.size) return false;
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      if (!counterpart || !child.equals(counterpart)) return false;
    }
    return true;
  }

  /** The members as paths: `.spec.containers[name="c"].image`. */
  paths(prefix = ''): string[] {
    const below = [...this.children].flatMap(([element, child]) => child.paths(prefix + shown(element)));
    return this.isMember ? [prefix, ...below] : below;
  }

  /** As the fieldsV1 of a managedFields entry. */
  toFieldsV1(): Readonly<Record<string, unknown>> {
    const entries = [...this.children]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([element, child]): [string, unknown] => [element, child.toFieldsV1()]);
    return Object.fromEntries(this.isMember && entries.length > 0 ? [['.', {}], ...entries] : entries);
  }

  /** The set of a fieldsV1; what is malformed in it counts as nothing. */
  static fromFieldsV1(value: unknown): FieldSet {
    return isJsonObject(value) ? readNode(value, true) : nothing;
  }
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map();
export const nothing = new FieldSet(false);
export const leaf = new FieldSet(true);

function readNode(value: Readonly<Record<string, unknown>>, isRoot: boolean): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of Object.entries(value)) {
    if (element !== '.' && isJsonObject(child)) children.set(element, readNode(child, false));
  }
  return new FieldSet(Object.hasOwn(value, '.') || (!isRoot && children.size === 0), children);
}

function shown(element: string): string {
  const content = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${content}`;
    case 'k:': {
      const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v:':
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}
