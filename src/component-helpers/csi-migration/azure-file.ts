/** Shares of the Azure file service. Upstream: csi-translation-lib plugins/azure_file.go. */
import type { AzureFilePersistentVolumeSource, CSIPersistentVolumeSource, PersistentVolume } from '../../api/index.ts';
import {
  fileSystemFields,
  getCsiSource,
  getSource,
  inlineVolume,
  MigrationError,
  type Translator,
  withSource,
} from './translator.ts';

const driver = 'file.csi.azure.com';

/** Where a volume's resource group is kept, for which its source has no field. */
export const resourceGroupAnnotation = 'kubernetes.io/azure-file-resource-group';

const defaultSecretNamespace = 'default';

export const azureFileTranslator: Translator = {
  plugin: 'kubernetes.io/azure-file',
  driver,
  field: 'azureFile',
  translateClass: (storageClass) => storageClass,
  translateInline: ({ azureFile, name }, podNamespace) => {
    const source = getSource(azureFile, 'volume is nil or Azure File not defined on volume');
    const secretNamespace = podNamespace || defaultSecretNamespace;
    const csi = csiSource(source, { resourceGroup: '', name, secretNamespace });
    return inlineVolume(csi.volumeHandle, csi, 'ReadWriteMany');
  },
  translateToCsi: (volume) => {
    const source = getSource(volume.spec.azureFile, 'pv is nil or Azure File source not defined on pv');
    const { annotations, name } = volume.metadata;
    const resourceGroup = annotations?.[resourceGroupAnnotation] ?? '';
    const secretNamespace = getSecretNamespace(volume, source);
    return withSource(volume, 'azureFile', {
      csi: csiSource(source, { resourceGroup, name, secretNamespace }),
    });
  },
  translateToInTree: (volume) => {
    const { azureFile, resourceGroup } = inTreeSource(getCsiSource(volume));
    const translated = withSource(volume, 'csi', { azureFile });
    if (!resourceGroup) return translated;
    const annotations = { ...volume.metadata.annotations, [resourceGroupAnnotation]: resourceGroup };
    return { ...translated, metadata: { ...volume.metadata, annotations } };
  },
};

function csiSource(
  source: AzureFilePersistentVolumeSource,
  { resourceGroup, name, secretNamespace }: { resourceGroup: string; name: string; secretNamespace: string },
): CSIPersistentVolumeSource {
  const { secretName, shareName } = source;
  return {
    driver,
    volumeHandle: [resourceGroup, storageAccountName(secretName), shareName, name, secretNamespace].join('#'),
    ...fileSystemFields(source),
    volumeAttributes: { sharename: shareName },
    nodeStageSecretRef: { name: secretName, namespace: secretNamespace },
  };
}

/** The secret lies where the volume says, else with its claim: no pod is there yet to ask. */
function getSecretNamespace({ spec }: PersistentVolume, source: AzureFilePersistentVolumeSource): string {
  const namespace = source.secretNamespace ?? spec.claimRef?.namespace ?? '';
  if (namespace !== '') return namespace;
  throw new MigrationError('could not find a secret namespace in PersistentVolumeSource or ClaimRef');
}

interface InTreeShare {
  readonly azureFile: AzureFilePersistentVolumeSource;
  /** '' when the handle was not needed to find the share. */
  readonly resourceGroup: string;
}

function inTreeSource(source: CSIPersistentVolumeSource): InTreeShare {
  const attributes = Object.entries(source.volumeAttributes ?? {});
  const findAttribute = (name: string) => attributes.findLast(([key]) => key.toLowerCase() === name)?.[1];
  const secret = source.nodeStageSecretRef?.name ? source.nodeStageSecretRef : undefined;
  const shareName = findAttribute('sharename') || undefined;
  const secretName = (secret?.name ?? findAttribute('secretname')) || undefined;
  const secretNamespace = secret
    ? (secret.namespace ?? '')
    : (findAttribute('secretnamespace') ?? defaultSecretNamespace);
  const readOnly = source.readOnly ? { readOnly: true } : {};
  if (shareName && secretName) {
    return { azureFile: { shareName, secretName, secretNamespace, ...readOnly }, resourceGroup: '' };
  }
  const share = fileShareOf(source.volumeHandle);
  const azureFile = {
    shareName: shareName ?? share.shareName,
    secretName: secretName ?? `azure-storage-account-${share.accountName}-secret`,
    secretNamespace,
    ...readOnly,
  };
  return { azureFile, resourceGroup: share.resourceGroup };
}

/** What a handle `<resource group>#<account>#<share>#<disk>` names; the disk may be left out. */
export interface FileShare {
  readonly resourceGroup: string;
  readonly accountName: string;
  readonly shareName: string;
  readonly diskName: string;
}

/** @throws MigrationError when the handle has fewer than three parts. */
export function fileShareOf(volumeHandle: string): FileShare {
  const [resourceGroup = '', accountName = '', shareName, diskName = ''] = volumeHandle.split('#');
  if (shareName !== undefined) return { resourceGroup, accountName, shareName, diskName };
  const message = `error parsing volume id: ${JSON.stringify(volumeHandle)}, should at least contain two #`;
  throw new MigrationError(message);
}

/** The account that a secret of the usual name is for, else the secret's name. */
export function storageAccountName(secretName: string): string {
  return /azure-storage-account-(.+)-secret/.exec(secretName)?.[1] ?? secretName;
}
