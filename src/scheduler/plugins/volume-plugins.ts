/** The plugins that look at a pod's volumes, in upstream's order, over one set of informers. */
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttachments,
} from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Client, InformerFactory } from '../../client/index.ts';
import { AssumeCache } from '../cache/assume-cache.ts';
import { NodeVolumeLimits } from './node-volume-limits/node-volume-limits.ts';
import type { VolumeCaches } from './volume-binding/reserve-volumes.ts';
import type { UtilizationShapePoint } from './volume-binding/scorer.ts';
import { VolumeBinding } from './volume-binding/volume-binding.ts';
import { VolumeRestrictions } from './volume-restrictions/volume-restrictions.ts';
import { VolumeZone } from './volume-zone/volume-zone.ts';

export interface VolumePluginsOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Not started yet: the plugins add handlers and indexes. */
  readonly informers: InformerFactory;
  /** What is assumed of volumes; the profiles of one scheduler share it, or two could promise one volume. */
  readonly caches: VolumeCaches;
  readonly bindTimeoutMs: number;
  /** See VolumeBindingOptions. */
  readonly shape?: readonly UtilizationShapePoint[] | undefined;
}

export function createVolumeCaches(informers: InformerFactory): VolumeCaches {
  return {
    claims: new AssumeCache(informers.informer(persistentVolumeClaims)),
    volumes: new AssumeCache(informers.informer(persistentVolumes)),
  };
}

export interface VolumePlugins {
  readonly volumeRestrictions: VolumeRestrictions;
  readonly nodeVolumeLimits: NodeVolumeLimits;
  readonly volumeBinding: VolumeBinding;
  readonly volumeZone: VolumeZone;
}

export function createVolumePlugins(options: VolumePluginsOptions): VolumePlugins {
  const { informers } = options;
  const claims = informers.informer(persistentVolumeClaims);
  const volumes = informers.informer(persistentVolumes);
  const classes = informers.informer(storageClasses);
  const drivers = informers.informer(csiDrivers);
  const nodesOfCsi = informers.informer(csiNodes);
  const attachments = informers.informer(volumeAttachments);
  return {
    volumeRestrictions: new VolumeRestrictions({ claims }),
    nodeVolumeLimits: new NodeVolumeLimits({ claims, volumes, classes, attachments, drivers, csiNodes: nodesOfCsi }),
    volumeBinding: new VolumeBinding({
      ...options,
      claims,
      volumes,
      classes,
      drivers,
      csiNodes: nodesOfCsi,
      capacities: informers.informer(csiStorageCapacities),
      nodes: informers.informer(nodes),
      pods: informers.informer(pods),
    }),
    volumeZone: new VolumeZone({ claims, volumes, classes }),
  };
}
