import { NodeCapability } from '../../csi/index.ts';
import { finalError } from '../errors.ts';
import type { NodeExpander, NodeExpandRequest } from '../plugin.ts';
import { volumeModeOf } from '../volume-spec.ts';
import { readSecret } from './csi-context.ts';
import { fromCsiError } from './csi-node-driver.ts';
import { csiSourceOf } from './csi-source.ts';
import type { CsiStep } from './csi-stage.ts';

/** NodeExpandVolume. Upstream: pkg/volume/csi/expander.go. */
export function csiNodeExpander(step: CsiStep): NodeExpander {
  return { requiresFsResize: true, nodeExpand: (request, signal) => nodeExpand(step, request, signal) };
}

async function nodeExpand(
  { host, drivers }: CsiStep,
  request: NodeExpandRequest,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const { spec } = request;
  if (spec.kind !== 'persistent') throw finalError('kubernetes.io/csi: inline volumes cannot be expanded');
  const source = csiSourceOf(spec);
  const driver = await drivers.get(source.driver, 'Expander.NodeExpand');
  if (!driver.can(NodeCapability.EXPAND_VOLUME)) return undefined;
  const secrets = await readSecret(host, source.expandSecret, 'NodeExpandSecretRef');
  const block = volumeModeOf(spec) === 'Block';
  try {
    const { capacityBytes } = await driver.client.nodeExpandVolume(
      {
        volumeId: source.volumeHandle,
        volumePath: request.volumePath,
        stagingTargetPath: driver.stages ? request.deviceStagePath : '',
        capacityRange: { requiredBytes: request.newSizeBytes },
        volumeCapability: driver.volumeCapability(source, { block }),
        secrets,
      },
      { signal },
    );
    // 0: the driver does not tell.
    return capacityBytes > 0n ? capacityBytes : undefined;
  } catch (thrown) {
    throw fromCsiError(thrown);
  }
}
