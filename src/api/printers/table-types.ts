import type { KubernetesObject } from '../meta/resource-type.ts';

export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
}

export type TableCell = string | number | boolean | null;

/** The rows of a meta.k8s.io/v1 Table, one per object in the order given; the server adds what `includeObject` asks for. */
export interface PrintedTable {
  readonly columnDefinitions: readonly TableColumn[];
  readonly rows: readonly { readonly cells: readonly TableCell[] }[];
}

/** How one kind is printed: its columns and the cells of a row. */
export interface Printer<T extends KubernetesObject = KubernetesObject> {
  readonly columns: readonly TableColumn[];
  cells(object: T, nowMs: number): readonly TableCell[];
}

/** A column as the tables write it: `Name`, `Count:integer`, and a leading `+` for those of `-o wide`. */
export function column(text: string): TableColumn {
  const wide = text.startsWith('+');
  const [name = '', type = 'string'] = (wide ? text.slice(1) : text).split(':');
  return {
    name,
    type: type === 'integer' || type === 'boolean' ? type : 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: wide ? 1 : 0,
  };
}

export function printer<T extends KubernetesObject>(
  columns: readonly string[],
  cells: (object: T, nowMs: number) => readonly TableCell[],
): Printer<T> {
  return { columns: columns.map(column), cells };
}
