/** The JSON that a driver is handed about a volume. Upstream: pkg/volume/flexvolume/driver-call.go NewOptionsForDriver. */
import type { Pod } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { finalError, transientError } from '../errors.ts';
import type { VolumeHost } from '../volume-host.ts';
import type { VolumeSpec } from '../volume-spec.ts';
import { type FlexSource, findFlexSource } from './flex-source.ts';

type Options = Readonly<Record<string, string>>;

export function flexSourceOf(spec: VolumeSpec): FlexSource {
  const source = findFlexSource(spec);
  if (!source) throw finalError('not a flex volume');
  return source;
}

/** What is ours wins over what users wrote: they may not speak in our name. */
export function driverOptions(spec: VolumeSpec, extra: Options = {}): string {
  const { fsType, readOnly, options } = flexSourceOf(spec);
  const all: Options = {
    ...options,
    'kubernetes.io/fsType': fsType,
    'kubernetes.io/readwrite': readOnly ? 'ro' : 'rw',
    'kubernetes.io/pvOrVolumeName': spec.name,
    ...extra,
  };
  return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([left], [right]) => (left < right ? -1 : 1))));
}

/** What only the mount call is told. */
export function podOptions({ metadata, spec }: Pod, fsGroup: number | undefined): Options {
  return {
    'kubernetes.io/pod.name': metadata.name,
    'kubernetes.io/pod.namespace': metadata.namespace ?? '',
    'kubernetes.io/pod.uid': metadata.uid,
    'kubernetes.io/serviceAccount.name': spec.serviceAccountName ?? '',
    ...(fsGroup === undefined ? {} : { 'kubernetes.io/mounterArgs.FsGroup': String(fsGroup) }),
  };
}

/** The volume's secret as options, each value in base64. Only a secret of the driver's own type is handed to it. */
export async function secretOptions(host: Pick<VolumeHost, 'getSecret'>, spec: VolumeSpec, pod: Pod): Promise<Options> {
  const { driver, secretRef } = flexSourceOf(spec);
  if (!secretRef) return {};
  const { name = '' } = secretRef;
  const namespace = secretRef.namespace || (pod.metadata.namespace ?? '');
  const failed = `couldn't get secret ${namespace}/${name} err: `;
  const secret = await host.getSecret(namespace, name).catch((thrown: unknown) => {
    throw transientError(`${failed}${messageOf(thrown)}`, thrown);
  });
  if (secret.type !== driver) throw finalError(`${failed}cannot get secret of type ${driver}`);
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [`kubernetes.io/secret/${key}`, value]),
  );
}
