/** The node's part of growing a volume. Upstream: pkg/volume/flexvolume/expander.go NodeExpand. */
import { resizeFs } from '../../mount/index.ts';
import { finalError } from '../errors.ts';
import type { NodeExpander, NodeExpandRequest } from '../plugin.ts';
import { driverOptions } from './driver-options.ts';
import { capabilitiesOf, driverOf, type FlexStep } from './flex-step.ts';

export function flexNodeExpander(step: FlexStep): NodeExpander {
  return {
    get requiresFsResize() {
      return capabilitiesOf(step).requiresFsResize;
    },
    nodeExpand: (request, signal) => expandFs(step, request, signal),
  };
}

async function expandFs(step: FlexStep, request: NodeExpandRequest, signal: AbortSignal): Promise<undefined> {
  const { spec, devicePath, deviceStagePath, newSizeBytes, oldSizeBytes } = request;
  if (spec.kind !== 'persistent') throw finalError(`PersistentVolume not found for spec: ${spec.name}`);
  const sizes = [newSizeBytes, oldSizeBytes].map(String);
  const args = [driverOptions(spec), devicePath, deviceStagePath, ...sizes];
  const answer = await driverOf(step).call({ command: 'expandfs', args, signal });
  if (answer !== 'notSupported') return;
  await resizeFs(step.host, { device: devicePath, mountPath: deviceStagePath }, signal);
}
