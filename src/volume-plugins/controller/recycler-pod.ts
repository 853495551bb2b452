/** The pod that empties a volume for its next claim. Upstream: plugins.go NewPersistentVolumeRecyclerPodTemplate. */
import { type Draft, type PersistentVolume, type Pod, quantityValue, type Volume } from '../../api/index.ts';

export interface RecyclerConfig {
  /** Its first volume is replaced by the one to be emptied. */
  readonly template: Draft<Pod>;
  readonly minimumTimeoutSeconds: number;
  /** For each Gi of capacity. */
  readonly timeoutIncrementSeconds: number;
}

const image = 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6';
const scrub = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1';
const bytesPerGi = 1024n ** 3n;

export const defaultRecyclerTemplate: Draft<Pod> = {
  metadata: { namespace: 'default', generateName: 'pv-recycler-' },
  spec: {
    activeDeadlineSeconds: 60,
    restartPolicy: 'Never',
    volumes: [{ name: 'vol' }],
    containers: [
      {
        name: 'pv-recycler',
        image,
        command: ['/bin/sh'],
        args: ['-c', scrub],
        volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
      },
    ],
  },
};

/** The increment for every whole Gi of the volume, at least the minimum. */
export function recyclerTimeoutSeconds(config: RecyclerConfig, volume: PersistentVolume): number {
  const wholeGi = quantityValue(volume.spec.capacity?.storage ?? '0') / bytesPerGi;
  return Math.max(Number(wholeGi) * config.timeoutIncrementSeconds, config.minimumTimeoutSeconds);
}

/** The same name at every attempt: two recyclers of one volume cannot run side by side. */
export function recyclerPodName(volumeName: string): string {
  return `recycler-for-${volumeName}`;
}

export function recyclerPod(
  config: RecyclerConfig,
  volume: PersistentVolume,
  source: Pick<Volume, 'hostPath' | 'nfs'>,
): Draft<Pod> {
  const { template } = config;
  const { generateName: _, ...metadata } = template.metadata;
  const [first, ...others] = template.spec.volumes ?? [];
  const required = volume.spec.nodeAffinity?.required;
  // On a node that the volume is not on, the pod would empty another directory.
  const nodeAffinity = required && { requiredDuringSchedulingIgnoredDuringExecution: required };
  return {
    ...template,
    metadata: { namespace: 'default', ...metadata, name: recyclerPodName(volume.metadata.name) },
    spec: {
      ...template.spec,
      ...(nodeAffinity ? { affinity: { ...template.spec.affinity, nodeAffinity } } : {}),
      activeDeadlineSeconds: recyclerTimeoutSeconds(config, volume),
      volumes: [{ name: first?.name ?? 'vol', ...source }, ...others],
    },
  };
}
