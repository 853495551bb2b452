/** What the attach/detach controller counts. Upstream: attachdetach/metrics/metrics.go. */
import type { MetricsRegistry } from '../../metrics/index.ts';
import { parseCsiUniqueVolumeName, parseFlexVolumeName } from '../../volume-plugins/index.ts';
import type { AttachContext } from './attach-context.ts';
import type { FenceReason } from './detach-evidence.ts';
import { csiPluginName, pluginsUsed } from './pod-volumes.ts';
import { podVolumeWorld } from './watches.ts';

/** Registers the metrics and keeps them until disposed. */
export function countAttachments(metrics: MetricsRegistry, context: AttachContext): Disposable {
  const inUse = metrics.gauge({
    name: 'storage_count_attachable_volumes_in_use',
    help: 'Measure number of volumes in use',
    labels: ['node', 'volume_plugin'],
  });
  const total = metrics.gauge({
    name: 'attachdetach_controller_total_volumes',
    help: 'Number of volumes in A/D Controller',
    labels: ['plugin_name', 'state'],
  });
  context.forcedDetachListeners.add(forcedDetachCounter(metrics));
  return metrics.onCollect(() => {
    inUse.reset();
    for (const labels of volumesInUse(context)) inUse.add(1, labels);
    total.reset();
    for (const labels of totalVolumes(context)) total.add(1, labels);
  });
}

/** A deleted Node object is no force: upstream counts it no more than an unmount. */
function forcedDetachCounter(metrics: MetricsRegistry): (reason: FenceReason) => void {
  // The second name is what Kubernetes has exposed since it has the label: the subsystem stands in it twice.
  const names = [
    'attachdetach_controller_forced_detaches',
    'attach_detach_controller_attachdetach_controller_forced_detaches',
  ];
  const help = 'Number of times the A/D Controller performed a forced detach';
  const counters = names.map((name) => metrics.counter({ name, help, labels: ['reason'] }));
  return (reason) => {
    if (reason === 'node-deleted') return;
    for (const counter of counters) counter.inc([reason]);
  };
}

/** Node and plugin of every volume that a pod on a node uses. */
function* volumesInUse(context: AttachContext): Iterable<[string, string]> {
  const world = podVolumeWorld(context);
  for (const pod of context.pods.list()) {
    for (const plugin of pluginsUsed(pod, world)) yield [pod.spec.nodeName ?? '', plugin];
  }
}

/** Plugin and state of every volume on a node: as it is wanted, and as it is. */
function* totalVolumes({ actual, desired }: AttachContext): Iterable<[string, string]> {
  for (const { volumeName } of desired.volumesToAttach()) yield [pluginNameOf(volumeName), 'desired_state_of_world'];
  for (const volumeName of actual.volumeNames()) {
    const labels: [string, string] = [pluginNameOf(volumeName), 'actual_state_of_world'];
    for (const _node of actual.attachmentsOf(volumeName).keys()) yield labels;
  }
}

function pluginNameOf(volumeName: string): string {
  const source = parseCsiUniqueVolumeName(volumeName);
  return source ? csiPluginName(source.driver) : (parseFlexVolumeName(volumeName)?.driver ?? 'N/A');
}
