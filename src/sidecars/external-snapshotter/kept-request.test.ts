import { describe, expect, it } from 'vitest';
import type { VolumeSnapshotContent } from '../../api/index.ts';
import { annRequest, keptRequest, textOf } from './kept-request.ts';

function content(text?: string, source: object = { volumeHandle: 'vol' }): VolumeSnapshotContent {
  const annotations = text === undefined ? {} : { [annRequest]: text };
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: 'c', uid: 'u', resourceVersion: '1', creationTimestamp: '', annotations },
    spec: { driver: 'd', deletionPolicy: 'Delete', source, volumeSnapshotRef: {} },
  };
}

describe('the request that a content carries', () => {
  const request = { name: 'snapshot-x', sourceVolumeId: 'vol', parameters: { a: '"b"', c: '' } };

  it('[rel-C9] comes back as it was', () => {
    expect(keptRequest(content(textOf(request)))).toEqual(request);
  });

  it('[S2] is for the volume of the content', () => {
    expect(keptRequest(content(textOf(request), { volumeHandle: 'w' }))?.sourceVolumeId).toBe('w');
    expect(keptRequest(content(textOf(request), { snapshotHandle: 's' }))).toBeUndefined();
  });

  it.each([
    [undefined],
    [''],
    ['null'],
    ['7'],
    ['[]'],
    ['{'],
    ['{"name":"x"}'],
    ['{"name":"","parameters":{}}'],
    ['{"name":7,"parameters":{}}'],
    ['{"name":"x","parameters":[]}'],
    ['{"name":"x","parameters":null}'],
    ['{"name":"x","parameters":{"a":7}}'],
  ])('[S2] is none when it reads %s', (text) => {
    expect(keptRequest(content(text))).toBeUndefined();
  });
});
