import { describe, expect, it } from 'vitest';
import { readForm } from './read-form.ts';

describe('what a server in Go answers', () => {
  it('[N19] is a CSINode without drivers, where the list is null', () => {
    const csiNode = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'a' },
      spec: { drivers: null },
    };
    expect(readForm<unknown>(csiNode)).toEqual({ ...csiNode, spec: { drivers: [] } });
  });

  it('loses nulls inside of lists, and keeps what else is there', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', creationTimestamp: null, labels: { a: 'b' } },
      spec: {
        containers: [
          { name: 'c', image: 'i', resources: {} },
          { name: 'd', image: 'i', env: null },
        ],
      },
      status: { conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null }] },
    };
    expect(JSON.parse(JSON.stringify(readForm<unknown>(pod)))).toStrictEqual({
      ...pod,
      metadata: { name: 'a', labels: { a: 'b' } },
      spec: { containers: [pod.spec.containers[0], { name: 'd', image: 'i' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
  });

  it('is the same object where there is no null, and where the kind is not built in', () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'a' },
      spec: { accessModes: ['a'] },
    };
    expect(readForm(claim)).toBe(claim);
    const custom = { apiVersion: 'example.com/v1', kind: 'Thing', spec: { size: null } };
    expect(readForm(custom)).toBe(custom);
    expect(readForm(undefined)).toBeUndefined();
  });
});
