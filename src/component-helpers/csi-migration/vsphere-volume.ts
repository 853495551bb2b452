/** Virtual disks of vSphere. Upstream: csi-translation-lib plugins/vsphere_volume.go. */
import type { CSIPersistentVolumeSource, PersistentVolume, VsphereVirtualDiskVolumeSource } from '../../api/index.ts';
import { csiFsTypeParameter, mapParameters, withCsiTopologies } from './class-topology.ts';
import { getCsiSource, getSource, inlineVolume, type Translator, withSource } from './translator.ts';
import { addTopology, replaceTopology, topologyLabels, topologyValues, withLabel } from './volume-topology.ts';

const driver = 'csi.vsphere.vmware.com';

export const vsphereZoneTopologyKey = 'topology.csi.vmware.com/zone';
export const vsphereRegionTopologyKey = 'topology.csi.vmware.com/region';

/** Where the driver tells the path of a disk it made, which is all that the built-in plugin knows disks by. */
const initialVolumeFilepath = 'initialvolumefilepath';

/** How the driver is told the parameters; it is told no others. */
const parameterNames = new Map([
  ['fstype', csiFsTypeParameter],
  ['storagepolicyname', 'storagepolicyname'],
  ['datastore', 'datastore-migrationparam'],
  ['diskformat', 'diskformat-migrationparam'],
  ['hostfailurestotolerate', 'hostfailurestotolerate-migrationparam'],
  ['forceprovisioning', 'forceprovisioning-migrationparam'],
  ['cachereservation', 'cachereservation-migrationparam'],
  ['diskstripes', 'diskstripes-migrationparam'],
  ['objectspacereservation', 'objectspacereservation-migrationparam'],
  ['iopslimit', 'iopslimit-migrationparam'],
]);

export const vsphereVolumeTranslator: Translator = {
  plugin: 'kubernetes.io/vsphere-volume',
  driver,
  field: 'vsphereVolume',
  translateClass: (storageClass) => {
    const translated = mapParameters(storageClass, (name, value): Record<string, string> => {
      const known = parameterNames.get(name.toLowerCase());
      return known === undefined ? {} : { [known]: value };
    });
    // It makes the driver answer with the path of the disk.
    const parameters = { ...translated.parameters, csimigration: 'true' };
    return withCsiTopologies({ ...translated, parameters }, vsphereZoneTopologyKey);
  },
  translateInline: ({ vsphereVolume }) => {
    const source = getSource(vsphereVolume, 'volume is nil or VsphereVolume not defined on volume');
    return inlineVolume(`${driver}-${source.volumePath}`, csiSource(source));
  },
  translateToCsi: (volume) => {
    const csi = csiSource(getSource(volume.spec.vsphereVolume, 'pv is nil or VsphereVolume not defined on pv'));
    const labels = topologyLabels(volume);
    const zoned = translateKey(volume, labels.zone, vsphereZoneTopologyKey);
    return withSource(translateKey(zoned, labels.region, vsphereRegionTopologyKey), 'vsphereVolume', { csi });
  },
  translateToInTree: (volume) => {
    const { fsType, volumeAttributes } = getCsiSource(volume);
    const vsphereVolume = {
      volumePath: volumeAttributes?.[initialVolumeFilepath] ?? '',
      ...(fsType ? { fsType } : {}),
    };
    return withSource(translateKeysBack(volume), 'csi', { vsphereVolume });
  },
};

function csiSource({
  fsType,
  storagePolicyName,
  volumePath,
}: VsphereVirtualDiskVolumeSource): CSIPersistentVolumeSource {
  return {
    driver,
    volumeHandle: volumePath,
    ...(fsType ? { fsType } : {}),
    ...(storagePolicyName ? { volumeAttributes: { storagepolicyname: storagePolicyName } } : {}),
  };
}

/** The value of the node affinity under the driver's key, else that of the volume's label. */
function translateKey(volume: PersistentVolume, label: string, csiKey: string): PersistentVolume {
  if (topologyValues(volume, label).length > 0) return replaceTopology(volume, label, csiKey);
  const value = volume.metadata.labels?.[label];
  return value ? addTopology(volume, csiKey, [value]) : volume;
}

function translateKeysBack(volume: PersistentVolume): PersistentVolume {
  const { zone, region } = topologyLabels(volume);
  const keys = [
    [vsphereZoneTopologyKey, zone],
    [vsphereRegionTopologyKey, region],
  ] as const;
  return keys.reduce((translated, [csiKey, label]) => {
    const replaced = replaceTopology(translated, csiKey, label);
    const [value] = topologyValues(replaced, label);
    return value === undefined ? replaced : withLabel(replaced, label, value);
  }, volume);
}
