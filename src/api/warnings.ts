/** What is allowed but ill-advised, told in Warning headers [A21]. */

import type { StatefulSet } from './gen/apps.v1.gen.ts';
import type {
  Container,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodTemplateSpec,
} from './gen/core.v1.gen.ts';
import type { KubernetesObject, ResourceType } from './meta/resource-type.ts';
import { parseQuantity } from './quantity.ts';
import * as resources from './resources.ts';
import { annBetaMountOptions, annBetaStorageClass } from './well-known.ts';

interface Warner {
  warn(object: KubernetesObject): readonly string[];
}

const warners = new Map<string, Warner>();
const nanoPerUnit = 1_000_000_000n;
const flexDeprecated = 'deprecated in v1.23';

function register<T extends KubernetesObject>(type: ResourceType<T>, warn: (object: T) => readonly string[]): void {
  const warner: { warn(object: T): readonly string[] } = { warn };
  warners.set(`${type.group}/${type.kind}`, warner as Warner);
}

function fractionalBytes(path: string, quantity: string | undefined): readonly string[] {
  if (quantity === undefined || parseQuantity(quantity).nano % nanoPerUnit === 0n) return [];
  return [`${path}: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`];
}

function betaClass(object: KubernetesObject): readonly string[] {
  if (object.metadata.annotations?.[annBetaStorageClass] === undefined) return [];
  const path = `metadata.annotations[${annBetaStorageClass}]`;
  return [`${path}: deprecated since v1.8; use "storageClassName" attribute instead`];
}

function claimWarnings(claim: PersistentVolumeClaim): readonly string[] {
  const { requests, limits } = claim.spec?.resources ?? {};
  return [
    ...betaClass(claim),
    ...fractionalBytes('spec.resources.requests[storage]', requests?.storage),
    ...fractionalBytes('spec.resources.limits[storage]', limits?.storage),
  ];
}

const deadVolumes: Readonly<Record<string, string>> = {
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
};

function deadSources(path: string, volume: object): readonly string[] {
  return Object.keys(volume)
    .filter((name) => Object.hasOwn(deadVolumes, name))
    .map((name) => `${path}.${name}: ${deadVolumes[name]}`);
}

function volumeWarnings(volume: PersistentVolume): readonly string[] {
  const warnings = [...betaClass(volume)];
  if (volume.metadata.annotations?.[annBetaMountOptions] !== undefined) {
    const path = `metadata.annotations[${annBetaMountOptions}]`;
    warnings.push(`${path}: deprecated since v1.31; use "mountOptions" attribute instead`);
  }
  if (volume.spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    const advice = 'Instead, the recommended approach is to use dynamic provisioning.';
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`);
  }
  warnings.push(...deadSources('spec', volume.spec ?? {}));
  if (volume.spec?.flexVolume) warnings.push(`spec.flexVolume: ${flexDeprecated}`);
  return [...warnings, ...fractionalBytes('spec.capacity[storage]', volume.spec?.capacity?.storage)];
}

function containerWarnings(path: string, container: Container): readonly string[] {
  const warnings: string[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of (container.env ?? []).entries()) {
    if (seen.has(name)) {
      const hides = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      warnings.push(`${path}.env[${index}]: ${hides}`);
    }
    seen.add(name);
  }
  for (const list of ['limits', 'requests'] as const) {
    for (const name of ['memory', 'ephemeral-storage']) {
      warnings.push(...fractionalBytes(`${path}.resources.${list}[${name}]`, container.resources?.[list]?.[name]));
    }
  }
  return warnings;
}

function podSpecWarnings(path: string, spec: PodSpec | undefined): readonly string[] {
  const warnings: string[] = [];
  for (const [index, volume] of (spec?.volumes ?? []).entries()) {
    const at = `${path}.volumes[${index}]`;
    if (volume.gitRepo) warnings.push(`${at}.gitRepo: deprecated in v1.11, and disabled by default in v1.33+`);
    if (volume.flexVolume) warnings.push(`${at}.flexVolume: ${flexDeprecated}`);
    warnings.push(...deadSources(at, volume));
  }
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec?.[list] ?? []).entries()) {
      warnings.push(...containerWarnings(`${path}.${list}[${index}]`, container));
    }
  }
  return warnings;
}

register(resources.persistentVolumeClaims, claimWarnings);
register(resources.persistentVolumes, volumeWarnings);
register(resources.pods, (pod: Pod) => podSpecWarnings('spec', pod.spec));

interface Templated extends KubernetesObject {
  readonly spec: { readonly template?: PodTemplateSpec };
}

function templateWarnings({ spec }: Templated): readonly string[] {
  return podSpecWarnings('spec.template.spec', spec?.template?.spec);
}

register(resources.deployments, templateWarnings);
register(resources.replicaSets, templateWarnings);
register(resources.daemonSets, templateWarnings);
register(resources.jobs, templateWarnings);
register(resources.statefulSets, (set: StatefulSet) => {
  const claims = set.spec?.volumeClaimTemplates ?? [];
  const ofClaims = claims.flatMap((claim, index) =>
    claimWarnings(claim).map((warning) => `spec.volumeClaimTemplates[${index}].${warning}`),
  );
  return [...podSpecWarnings('spec.template.spec', set.spec?.template?.spec), ...ofClaims];
});

/** The warnings that a write of the object earns; the object has been decoded. */
export function warningsOf(type: ResourceType, object: KubernetesObject): readonly string[] {
  return warners.get(`${type.group}/${type.kind}`)?.warn(object) ?? [];
}
