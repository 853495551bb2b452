/** Asks one plugin about one pod and node, as the framework would. */
import type { Node, Pod } from '../../../api/index.ts';
import { NodeInfo } from '../../cache/node-info.ts';
import { podInfoOf } from '../../cache/pod-info.ts';
import { CycleState } from '../../framework/cycle-state.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { snapshotOf } from './cluster.ts';

export function nodeInfoOf(node: Node, pods: readonly Pod[] = []): NodeInfo {
  const info = new NodeInfo(node);
  for (const pod of pods) info.addPod(podInfoOf(pod));
  return info;
}

const emptySnapshot = snapshotOf({ nodes: {} });

/** `fits`, `skip`, or the code and the reasons. */
export function judge(plugin: Plugin, pod: Pod, info: NodeInfo): string {
  const state = new CycleState();
  const before = plugin.preFilter?.(state, pod, emptySnapshot).status ?? { code: 'success' };
  if (before.code === 'skip') return 'skip';
  const status = before.code === 'success' ? (plugin.filter?.(state, pod, info) ?? before) : before;
  return 'reasons' in status ? `${status.code}: ${status.reasons.join(', ')}` : 'fits';
}

/** The normalized score of each node, or `skip`. */
export function scoresOf(plugin: Plugin, pod: Pod, infos: readonly NodeInfo[]): readonly number[] | 'skip' {
  const state = new CycleState();
  if (plugin.preScore?.(state, pod, infos, emptySnapshot).code === 'skip') return 'skip';
  const scores = infos.map((info) => plugin.score?.(state, pod, info) ?? 0);
  plugin.normalizeScore?.(state, pod, scores, infos);
  return scores;
}
