/** Disks of OpenStack's Cinder. Upstream: csi-translation-lib plugins/openstack_cinder.go. */
import type { CSIPersistentVolumeSource } from '../../api/index.ts';
import { translateFsTypeParameter, withCsiTopologies } from './class-topology.ts';
import { fileSystemFields, getCsiSource, getSource, inlineVolume, type Translator, withSource } from './translator.ts';
import { translateTopologyToCsi, translateTopologyToInTree } from './volume-topology.ts';

const driver = 'cinder.csi.openstack.org';

export const cinderTopologyKey = 'topology.cinder.csi.openstack.org/zone';

export const cinderTranslator: Translator = {
  plugin: 'kubernetes.io/cinder',
  driver,
  field: 'cinder',
  // The driver knows the parameter `availability` itself.
  translateClass: (storageClass) => withCsiTopologies(translateFsTypeParameter(storageClass), cinderTopologyKey),
  translateInline: ({ cinder }) => {
    const source = getSource(cinder, 'volume is nil or Cinder not defined on volume');
    return inlineVolume(`${driver}-${source.volumeID}`, csiSource(source));
  },
  translateToCsi: (volume) => {
    const csi = csiSource(getSource(volume.spec.cinder, 'pv is nil or Cinder not defined on pv'));
    return withSource(translateTopologyToCsi(volume, cinderTopologyKey), 'cinder', { csi });
  },
  translateToInTree: (volume) => {
    const source = getCsiSource(volume);
    const cinder = { volumeID: source.volumeHandle, ...fileSystemFields(source) };
    // A zone's name does not tell its region.
    return withSource(translateTopologyToInTree(volume, cinderTopologyKey), 'csi', { cinder });
  },
};

function csiSource(source: {
  readonly volumeID: string;
  readonly fsType?: string;
  readonly readOnly?: boolean;
}): CSIPersistentVolumeSource {
  return { driver, volumeHandle: source.volumeID, ...fileSystemFields(source) };
}
