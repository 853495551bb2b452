/**
 * Which plugins of a profile run at which extension point, and how much their scores count. Pure. The order of the
 * plugins is always that of the default profile. Upstream: apis/config/v1/default_plugins.go, runtime/framework.go
 * expandMultiPointPlugins.
 */
import type { Plugin } from './plugin.ts';

/** What a plugin has at each extension point. Permit is upstream's; no plugin here has it. */
const methodsOf = {
  preEnqueue: ['preEnqueue'],
  queueSort: ['compare'],
  preFilter: ['preFilter', 'addPod', 'removePod'],
  filter: ['filter'],
  postFilter: ['postFilter'],
  preScore: ['preScore'],
  score: ['score', 'normalizeScore'],
  reserve: ['reserve', 'unreserve'],
  permit: [],
  preBind: ['preBind'],
  bind: ['bind'],
  postBind: ['postBind'],
} as const satisfies Record<string, readonly (keyof Plugin)[]>;

export type ExtensionPoint = keyof typeof methodsOf;

export const extensionPoints = Object.keys(methodsOf) as readonly ExtensionPoint[];

export interface PluginSet {
  /** With the weight of their scores; 0 or undefined: 1. */
  readonly enabled: readonly { readonly name: string; readonly weight?: number }[];
  /** Of those that are on by default; `*` for all. */
  readonly disabled: readonly string[];
}

/** multiPoint is for every extension point that a plugin has; what is said of one point counts more. */
export type PluginSelection = Readonly<Partial<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;

const nothing: PluginSet = { enabled: [], disabled: [] };
const defaultWeight = 1;

function isDisabled({ disabled }: PluginSet, name: string): boolean {
  return disabled.includes(name) || disabled.includes('*');
}

/** The extension points of a plugin. */
export function pointsOf(plugin: Plugin): readonly ExtensionPoint[] {
  return extensionPoints.filter((point) => methodsOf[point].some((method) => plugin[method] !== undefined));
}

/** Those of the available plugins, all of them on by default, that the selection leaves at least one point. */
export function selectPlugins(available: readonly Plugin[], selection: PluginSelection): readonly Plugin[] {
  return available.flatMap((plugin) => narrow(plugin, selection) ?? []);
}

/** Whether a plugin, if it has the extension point, runs there. */
export function isSelected(selection: PluginSelection, name: string, point: ExtensionPoint): boolean {
  const { multiPoint = nothing } = selection;
  const set = selection[point] ?? nothing;
  if (set.enabled.some((enabled) => enabled.name === name)) return true;
  const isOn = multiPoint.enabled.some((enabled) => enabled.name === name) || !isDisabled(multiPoint, name);
  return isOn && !isDisabled(set, name);
}

function narrow(plugin: Plugin, selection: PluginSelection): Plugin | undefined {
  const { name } = plugin;
  const own = pointsOf(plugin);
  const left = own.filter((point) => isSelected(selection, name, point));
  const scoring = [selection.score, selection.multiPoint]
    .flatMap((set) => set?.enabled ?? [])
    .find((enabled) => enabled.name === name);
  const weight = scoring ? scoring.weight || defaultWeight : plugin.weight;
  if (left.length === own.length && weight === plugin.weight) return plugin;
  return left.length === 0 ? undefined : onlyAt(plugin, left, weight);
}

function onlyAt(plugin: Plugin, points: readonly ExtensionPoint[], weight: number | undefined): Plugin {
  const methods = points.flatMap((point): readonly (keyof Plugin)[] => methodsOf[point]);
  const bound = methods.flatMap((method) => {
    const work = plugin[method];
    return typeof work === 'function' ? [[method, work.bind(plugin)]] : [];
  });
  return {
    name: plugin.name,
    ...(plugin.events ? { events: plugin.events } : {}),
    ...(weight === undefined ? {} : { weight }),
    ...Object.fromEntries(bound),
  };
}
