/** `plugins` of a profile: which run at which extension point. Upstream: runtime/framework.go NewFramework. */
import { UsageError } from '../../base/index.ts';
import {
  type ExtensionPoint,
  extensionPoints,
  isSelected,
  type PluginSelection,
  type PluginSet,
  pluginPoints,
} from '../../scheduler/index.ts';
import { duplicate, fieldsOf, integerOf, invalid, listOf, nameOf, required } from './config-fields.ts';

type Point = ExtensionPoint | 'multiPoint';

/** Plugins of upstream that are not here, and so are off already. */
const elsewhere = ['DynamicResources', 'GangScheduling', 'ImageLocality', 'NodeDeclaredFeatures'];

const maxWeight = 2 ** 31 - 1;

export function parsePlugins(value: unknown, path: string): PluginSelection | undefined {
  if (value === undefined || value === null) return undefined;
  const points: readonly Point[] = ['multiPoint', ...extensionPoints];
  const fields = fieldsOf(value, path, points);
  const sets = points.flatMap((point) => {
    return fields[point] === undefined ? [] : [[point, parseSet(fields[point], `${path}.${point}`, point)]];
  });
  const selection: PluginSelection = Object.fromEntries(sets);
  checkIndispensable(selection, path);
  return selection;
}

function parseSet(value: unknown, path: string, point: Point): PluginSet {
  const fields = fieldsOf(value, path, ['enabled', 'disabled']);
  const seen = new Set<string>();
  const enabled = listOf(fields.enabled, `${path}.enabled`).map((entry, index) => {
    const parsed = parseEnabled(entry, `${path}.enabled[${index}]`, point);
    if (seen.has(parsed.name)) throw duplicate(`${path}.enabled[${index}]`, parsed.name);
    seen.add(parsed.name);
    return parsed;
  });
  const disabled = listOf(fields.disabled, `${path}.disabled`).map((entry, index) => {
    const at = `${path}.disabled[${index}]`;
    const name = nameOf(fieldsOf(entry, at, ['name', 'weight']).name, `${at}.name`);
    const isKnown = name === '*' || elsewhere.includes(name) || pluginPoints[name] !== undefined;
    if (!isKnown) throw invalid(`${at}.name`, name, 'there is no such plugin');
    return name;
  });
  return { enabled, disabled };
}

function parseEnabled(entry: unknown, path: string, point: Point): { name: string; weight?: number } {
  const fields = fieldsOf(entry, path, ['name', 'weight']);
  const name = nameOf(fields.name, `${path}.name`);
  const points = pluginPoints[name];
  if (elsewhere.includes(name)) throw new UsageError(`--config: ${path}: plugin ${name} is not part of Stowage`);
  if (!points) throw invalid(`${path}.name`, name, 'there is no such plugin');
  if (point !== 'multiPoint' && !points.includes(point))
    throw invalid(`${path}.name`, name, `plugin "${name}" does not extend ${point} plugin`);
  const range = { atLeast: 0, atMost: maxWeight, why: 'not in valid range' };
  const weight = integerOf(fields.weight, `${path}.weight`, range);
  return { name, ...(weight === undefined ? {} : { weight }) };
}

/** There is one queue with one order, and somebody has to bind. */
function checkIndispensable(selection: PluginSelection, path: string): void {
  if (!isSelected(selection, 'PrioritySort', 'queueSort')) throw required(`${path}.queueSort`, 'PrioritySort');
  if (!isSelected(selection, 'DefaultBinder', 'bind')) throw required(`${path}.bind`, 'DefaultBinder');
}
