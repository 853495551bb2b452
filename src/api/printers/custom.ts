/** Tables of kinds that a CustomResourceDefinition defines: its columns, each a JSON path into the object. */
import type { CustomResourceColumnDefinition } from '../gen/apiextensions.v1.gen.ts';
import type { KubernetesObject } from '../meta/resource-type.ts';
import { since } from './cells.ts';
import type { PrintedTable, Printer, TableCell, TableColumn } from './table-types.ts';

const stepPattern =
  /\.?([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(-?\d+|\*)\]|\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]/y;

type Step = (value: unknown) => unknown[];

function property(name: string): Step {
  return (value) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? [Reflect.get(value, name)] : [];
}

function item(index: string): Step {
  return (value) => {
    if (!Array.isArray(value)) return [];
    return index === '*' ? value : value.slice(Number(index)).slice(0, 1);
  };
}

function having(path: string, wanted: string): Step {
  const steps = path.split('.').map(property);
  return (value) =>
    Array.isArray(value) ? value.filter((one) => walk(one, steps).some((found) => String(found) === wanted)) : [];
}

function walk(value: unknown, steps: readonly Step[]): unknown[] {
  return steps.reduce<unknown[]>((values, step) => values.flatMap(step), [value]);
}

/** The steps of a path such as `.status.conditions[?(@.type=="Ready")].status`; undefined when it is not understood. */
function parsePath(path: string): Step[] | undefined {
  const steps: Step[] = [];
  const text = path.replace(/^\{(.*)\}$/s, '$1');
  stepPattern.lastIndex = 0;
  while (stepPattern.lastIndex < text.length) {
    const match = stepPattern.exec(text);
    if (!match) return undefined;
    const [, name, quoted, index, filter, wanted = ''] = match;
    if (name !== undefined) steps.push(property(name));
    else if (quoted !== undefined) steps.push(property(quoted.replaceAll('\\.', '.')));
    else if (index !== undefined) steps.push(item(index));
    else if (filter !== undefined) steps.push(having(filter, wanted));
  }
  return steps;
}

function cellOf(type: string, value: unknown, nowMs: number): TableCell {
  if (value === undefined || value === null) return null;
  if (type === 'date') return typeof value === 'string' ? since(value, nowMs) : null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value);
}

const nameColumn: TableColumn = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };
export const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
};

function columnOf({
  name,
  type,
  format = '',
  description = '',
  priority = 0,
}: CustomResourceColumnDefinition): TableColumn {
  const known = type === 'integer' || type === 'number' || type === 'boolean' || type === 'date';
  return { name, type: known ? type : 'string', format, description, priority };
}

/** Prints objects by their name and the given columns. */
export function customPrinter(columns: readonly CustomResourceColumnDefinition[]): Printer {
  const paths = columns.map((one) => ({ type: one.type, steps: parsePath(one.jsonPath) }));
  return {
    columns: [nameColumn, ...columns.map(columnOf)],
    cells: (object, nowMs) => [
      object.metadata.name,
      ...paths.map(({ type, steps }) => cellOf(type, steps && walk(object, steps)[0], nowMs)),
    ],
  };
}

/** Prints custom objects with the columns of their definition; with NAME and AGE when it has none. */
export function customTableOf(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
  objects: readonly KubernetesObject[],
  nowMs: number,
): PrintedTable {
  const { columns: columnDefinitions, cells } = customPrinter(columns && columns.length > 0 ? columns : [ageColumn]);
  return { columnDefinitions, rows: objects.map((object) => ({ cells: cells(object, nowMs) })) };
}
