/** The volumes of one FlexVolume driver on a node. Upstream: pkg/volume/flexvolume/plugin.go. */
import type { VolumePlugin } from '../plugin.ts';
import { flexSourceOf } from './driver-options.ts';
import { flexDeviceMounter, reconstructedSpec } from './flex-device.ts';
import { flexNodeExpander } from './flex-expand.ts';
import { mountPathOf, setUpFlexVolume, tearDownFlexVolume } from './flex-mount.ts';
import { findFlexSource } from './flex-source.ts';
import { capabilitiesOf, type FlexStep } from './flex-step.ts';

/** One object for as long as the agent runs: the driver behind it may come, go and be replaced. */
export function createFlexPlugin(step: FlexStep): VolumePlugin {
  const { drivers, driverName } = step;
  return {
    name: driverName,
    canSupport: (spec) => findFlexSource(spec)?.driver === driverName && drivers.find(driverName) !== undefined,
    getVolumeName: (spec) => spec.name,
    requiresRemount: () => false,
    supportsMountOption: false,
    canAttach: () => capabilitiesOf(step).attach,
    newMounter: (spec, pod) => ({
      path: mountPathOf(step, { podUid: pod.metadata.uid, volumeName: spec.name }),
      attributes: {
        readOnly: flexSourceOf(spec).readOnly,
        seLinuxRelabel: capabilitiesOf(step).seLinuxRelabel,
      },
      setUp: (args, signal) => setUpFlexVolume(step, { spec, pod }, args, signal),
    }),
    newUnmounter: (target) => ({
      path: mountPathOf(step, target),
      tearDown: (signal) => tearDownFlexVolume(step, target, signal),
    }),
    constructVolumeSpec: async ({ volumeName }) => ({ spec: reconstructedSpec(driverName, volumeName), intact: false }),
    deviceMounter: flexDeviceMounter(step),
    nodeExpander: flexNodeExpander(step),
  };
}
