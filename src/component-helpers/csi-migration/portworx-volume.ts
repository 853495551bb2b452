/** Volumes of Portworx. Upstream: csi-translation-lib plugins/portworx.go. */
import type { CSIPersistentVolumeSource, ObjectMeta, PortworxVolumeSource } from '../../api/index.ts';
import { mapParameters } from './class-topology.ts';
import { fileSystemFields, getCsiSource, getSource, inlineVolume, type Translator, withSource } from './translator.ts';

const driver = 'pxd.portworx.com';

/** Where classes, and volumes as annotations, name the secret of a cluster that asks who calls. */
const authSecretName = 'openstorage.io/auth-secret-name';
const authSecretNamespace = 'openstorage.io/auth-secret-namespace';

/** The calls that carry the secret, as parameters of a class name them. */
const secretCalls = [
  'provisioner',
  'controller-publish',
  'node-stage',
  'node-publish',
  'controller-expand',
  'node-expand',
];

export const portworxVolumeTranslator: Translator = {
  plugin: 'kubernetes.io/portworx-volume',
  driver,
  field: 'portworxVolume',
  translateClass: (storageClass) => {
    const translated = mapParameters(storageClass, (name, value) => {
      if (name.toLowerCase() === authSecretName) return secretParameters('name', value);
      return name.toLowerCase() === authSecretNamespace ? secretParameters('namespace', value) : { [name]: value };
    });
    return { ...(storageClass.parameters ? translated : storageClass), provisioner: driver };
  },
  translateInline: ({ portworxVolume }) => {
    const source = getSource(portworxVolume, 'volume is nil or PortworxVolume not defined on volume');
    const accessMode = source.readOnly ? 'ReadOnlyMany' : 'ReadWriteOnce';
    return inlineVolume(`${driver}-${source.volumeID}`, csiSource(source), accessMode);
  },
  translateToCsi: (volume) => {
    const source = getSource(volume.spec.portworxVolume, 'pv is nil or PortworxVolume not defined on pv');
    const csi = { ...csiSource(source), ...secretsOf(volume.metadata) };
    return withSource(volume, 'portworxVolume', { csi });
  },
  translateToInTree: (volume) => {
    const source = getCsiSource(volume);
    const portworxVolume = { volumeID: source.volumeHandle, ...fileSystemFields(source) };
    return withSource(volume, 'csi', { portworxVolume });
  },
};

function secretParameters(part: 'name' | 'namespace', value: string): Readonly<Record<string, string>> {
  return Object.fromEntries(secretCalls.map((call) => [`csi.storage.k8s.io/${call}-secret-${part}`, value]));
}

/** Whether the volume is read-only is left to its access modes. */
function csiSource({ fsType, volumeID }: PortworxVolumeSource): CSIPersistentVolumeSource {
  return { driver, volumeHandle: volumeID, ...(fsType ? { fsType } : {}) };
}

function secretsOf({ annotations }: ObjectMeta): Partial<CSIPersistentVolumeSource> {
  const name = annotations?.[authSecretName];
  const namespace = annotations?.[authSecretNamespace];
  if (name === undefined || namespace === undefined) return {};
  const secret = { name, namespace };
  return {
    controllerPublishSecretRef: secret,
    nodeStageSecretRef: secret,
    nodePublishSecretRef: secret,
    controllerExpandSecretRef: secret,
    nodeExpandSecretRef: secret,
  };
}
