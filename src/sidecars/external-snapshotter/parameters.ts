/** The parameters of a VolumeSnapshotClass as the driver gets them. Pure. Upstream: RemovePrefixedParameters. */
import { SnapshotError } from './context.ts';

const prefix = 'csi.storage.k8s.io/';

const knownKeys: ReadonlySet<string> = new Set(
  ['snapshotter-secret', 'snapshotter-list-secret', 'group-snapshotter-secret'].flatMap((secret) => [
    `${prefix}${secret}-name`,
    `${prefix}${secret}-namespace`,
  ]),
);

/** Everything outside the reserved prefix. @throws SnapshotError */
export function driverParameters(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const unknown = Object.keys(parameters).find((key) => key.startsWith(prefix) && !knownKeys.has(key));
  if (unknown !== undefined) {
    const reason = `found unknown parameter key "${unknown}" with reserved namespace ${prefix}`;
    throw new SnapshotError(`failed to remove CSI Parameters of prefixed keys: ${reason}`);
  }
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => !key.startsWith(prefix)));
}
