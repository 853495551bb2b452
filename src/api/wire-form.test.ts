import { describe, expect, it } from 'vitest';
import { wireForm } from './wire-form.ts';

describe('wireForm', () => {
  it('[A6] writes null where Go has no zero value to leave out', () => {
    const csiNode = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: {},
      spec: { drivers: [{ name: 'd' }] },
    };
    expect(wireForm(csiNode)).toMatchObject({ spec: { drivers: [{ name: 'd', topologyKeys: null }] } });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {}, status: { conditions: [{ type: 'Ready' }] } };
    expect(wireForm(pod)).toMatchObject({ status: { conditions: [{ type: 'Ready', lastProbeTime: null }] } });
  });

  it('leaves what is set, and every other kind, alone', () => {
    const event = { apiVersion: 'v1', kind: 'Event', involvedObject: {}, eventTime: 'then' };
    expect(wireForm(event)).toEqual(event);
    for (const kind of ['Pod', 'Event', 'CSINode']) {
      const apiVersion = kind === 'CSINode' ? 'storage.k8s.io/v1' : 'v1';
      const bookmark = { apiVersion, kind, metadata: { resourceVersion: '7' } };
      expect(wireForm(bookmark)).toEqual(bookmark);
    }
    const map = { apiVersion: 'v1', kind: 'ConfigMap' };
    expect(wireForm(map)).toBe(map);
    expect([wireForm('text'), wireForm(null), wireForm(undefined)]).toEqual(['text', null, undefined]);
  });
});
