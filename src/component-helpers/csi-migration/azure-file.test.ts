import { describe, expect, it } from 'vitest';
import { azureFileTranslator, fileShareOf, resourceGroupAnnotation, storageAccountName } from './azure-file.ts';
import { testClass, testVolume } from './testing.ts';

const driver = 'file.csi.azure.com';
const shareName = 'pvc-file-dynamic-17e43f84-f474-11e8-acd0-000d3a00df41';
const accountName = 'f5713de20cde511e8ba4900';

describe('fileShareOf', () => {
  it.each([
    [`rg#${accountName}#${shareName}#diskname.vhd`, 'diskname.vhd'],
    [`rg#${accountName}#${shareName}`, ''],
  ])('[Q1] reads %s', (handle, diskName) => {
    expect(fileShareOf(handle)).toEqual({ resourceGroup: 'rg', accountName, shareName, diskName });
  });

  it.each(['rg#f5713de20cde511e8ba4900', 'rg', ''])('[Q1] refuses "%s"', (handle) => {
    expect(() => fileShareOf(handle)).toThrow(`error parsing volume id: "${handle}", should at least contain two #`);
  });
});

describe('storageAccountName', () => {
  it.each([
    ['azure-storage-account-accountname-secret', 'accountname'],
    ['azure-storage-account-accountname-dup-secret', 'accountname-dup'],
    ['invalid', 'invalid'],
  ])('[Q1] of %s is %s', (secretName, expected) => {
    expect(storageAccountName(secretName)).toBe(expected);
  });
});

describe('azureFileTranslator.translateInline', () => {
  const azureFile = { readOnly: true, secretName: 'secretname', shareName: 'sharename' };

  it.each([
    ['', 'default'],
    ['test', 'test'],
  ])('[Q1] finds the secret of a pod in namespace "%s"', (podNamespace, namespace) => {
    const { metadata, spec } = azureFileTranslator.translateInline({ name: 'name', azureFile }, podNamespace);
    const volumeHandle = `#secretname#sharename#name#${namespace}`;
    expect(metadata.name).toBe(volumeHandle);
    expect(spec).toEqual({
      accessModes: ['ReadWriteMany'],
      csi: {
        driver,
        volumeHandle,
        readOnly: true,
        volumeAttributes: { sharename: 'sharename' },
        nodeStageSecretRef: { name: 'secretname', namespace },
      },
      volumeMode: 'Filesystem',
    });
  });

  it('[Q1] refuses other types, and keeps classes', () => {
    expect(() => azureFileTranslator.translateInline({ name: 'data' }, '')).toThrow(
      'volume is nil or Azure File not defined on volume',
    );
    expect(azureFileTranslator.translateClass(testClass({ fstype: 'x' }))).toEqual(testClass({ fstype: 'x' }));
  });
});

describe('azureFileTranslator.translateToCsi', () => {
  const share = { shareName: 'sharename', secretName: 'secretname', readOnly: true };
  const group = { annotations: { [resourceGroupAnnotation]: 'rg' } };

  it.each([
    ['its own', { secretNamespace: 'secretnamespace' }, {}, {}, '#secretname#sharename#uuid#secretnamespace'],
    [
      'its own with a resource group',
      { secretNamespace: 'secretnamespace' },
      {},
      group,
      'rg#secretname#sharename#uuid#secretnamespace',
    ],
    [
      'that of its claim',
      {},
      { claimRef: { namespace: 'secretnamespace' } },
      group,
      'rg#secretname#sharename#uuid#secretnamespace',
    ],
  ])('[Q1] names the volume with %s namespace', (_, source, spec, meta, volumeHandle) => {
    const volume = testVolume({ azureFile: { ...share, ...source }, ...spec }, { name: 'uuid', ...meta });
    const csi = {
      driver,
      volumeHandle,
      readOnly: true,
      volumeAttributes: { sharename: 'sharename' },
      nodeStageSecretRef: { name: 'secretname', namespace: 'secretnamespace' },
    };
    expect(azureFileTranslator.translateToCsi(volume)).toEqual(testVolume({ csi, ...spec }, { name: 'uuid', ...meta }));
  });

  it('[Q1] refuses a volume whose secret is nowhere, and other types', () => {
    expect(() => azureFileTranslator.translateToCsi(testVolume({ azureFile: share }))).toThrow(
      'could not find a secret namespace in PersistentVolumeSource or ClaimRef',
    );
    expect(() => azureFileTranslator.translateToCsi(testVolume({}))).toThrow(
      'pv is nil or Azure File source not defined on pv',
    );
  });
});

describe('azureFileTranslator.translateToInTree', () => {
  const handle = { volumeHandle: 'rg#st#pvc-file-dynamic#diskname.vhd' };
  const named = { shareName: 'sharename' };
  const secret = { secretName: 'secretname', secretNamespace: 'secretnamespace' };
  const accountSecret = { secretName: 'azure-storage-account-st-secret', secretNamespace: 'default' };
  const stageSecret = { nodeStageSecretRef: { name: 'secretname', namespace: 'secretnamespace' } };

  it.each([
    [
      'the secret and attributes',
      { volumeHandle: '', ...stageSecret, volumeAttributes: named },
      { ...named, ...secret },
      '',
    ],
    ['the handle and attributes', { ...handle, volumeAttributes: named }, { ...named, ...accountSecret }, 'rg'],
    ['attributes', { ...handle, volumeAttributes: { ...named, ...secret } }, { ...named, ...secret }, ''],
    [
      'the secret before the handle',
      { ...handle, ...stageSecret, volumeAttributes: named },
      { ...named, ...secret },
      '',
    ],
    ['the handle', handle, { shareName: 'pvc-file-dynamic', ...accountSecret }, 'rg'],
  ])('[Q1] knows the share by %s', (_, source, expected, resourceGroup) => {
    const csi = { driver, readOnly: true, ...source };
    const translated = azureFileTranslator.translateToInTree(testVolume({ csi }));
    expect(translated.spec).toEqual({ azureFile: { ...expected, readOnly: true } });
    expect(translated.metadata.annotations?.[resourceGroupAnnotation] ?? '').toBe(resourceGroup);
  });

  it('[Q1] refuses a handle that is needed and names no share', () => {
    const csi = { driver, volumeHandle: 'sharename', volumeAttributes: named };
    expect(() => azureFileTranslator.translateToInTree(testVolume({ csi }))).toThrow('error parsing volume id');
    expect(() => azureFileTranslator.translateToInTree(testVolume({}))).toThrow('CSI source not defined on pv');
  });
});
