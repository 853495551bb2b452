/** The flags of sidecars that run on each node, beside the driver of that node. */
import { UsageError } from '../../base/index.ts';
import type { NodeDeployment } from '../../sidecars/index.ts';
import { bool, duration, type FlagValues } from './flag-table.ts';

export const nodeDeploymentFlags = {
  'node-deployment': bool(false, 'serve the node NODE_NAME alone: its claims, volumes, capacity and snapshots'),
  'node-deployment-immediate-binding': bool(true, 'share claims that are bound at once among the nodes'),
  'node-deployment-base-delay': duration('20s', 'the longest first wait before trying to get such a claim'),
  'node-deployment-max-delay': duration('60s', 'the longest wait before trying so'),
};

/** All but what the driver says of the node. */
export type NodeDeploymentSettings = Omit<NodeDeployment, 'segments'>;

/**
 * undefined: one process serves the whole cluster. Throws a UsageError.
 * @param nodeName the node's name as the environment tells it, empty when it does not.
 */
export function nodeDeploymentSettings(
  flags: FlagValues<typeof nodeDeploymentFlags> & { readonly 'leader-elect': boolean },
  nodeName: string,
): NodeDeploymentSettings | undefined {
  if (!flags['node-deployment']) return undefined;
  if (flags['leader-elect']) throw new UsageError('--node-deployment: needs --leader-election=false');
  if (nodeName === '') throw new UsageError('--node-deployment: needs the name of the node in NODE_NAME');
  const baseDelayMs = flags['node-deployment-base-delay'];
  const maxDelayMs = flags['node-deployment-max-delay'];
  if (maxDelayMs < baseDelayMs)
    throw new UsageError('--node-deployment-max-delay: must not be less than --node-deployment-base-delay');
  return { nodeName, immediateBinding: flags['node-deployment-immediate-binding'], baseDelayMs, maxDelayMs };
}
