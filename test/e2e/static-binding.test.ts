import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

interface VolumeOptions {
  readonly size?: string;
  readonly modes?: readonly string[];
  readonly class?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly policy?: string;
  readonly claimRef?: string;
}

function volume(name: string, options: VolumeOptions = {}): object {
  const { size = '1Gi', modes = ['ReadWriteOnce'], policy = 'Retain', claimRef, labels = {} } = options;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels },
    spec: {
      capacity: { storage: size },
      accessModes: modes,
      persistentVolumeReclaimPolicy: policy,
      storageClassName: options.class ?? name,
      hostPath: { path: '/tmp' },
      ...(claimRef ? { claimRef: { name: claimRef, namespace: 'default' } } : {}),
    },
  };
}

function claim(name: string, spec: Readonly<Record<string, unknown>>, size = '1Gi'): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } }, ...spec },
  };
}

describe('static binding', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start();
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const phase = (kind: string, name: string, expected: string) =>
    stowage.until(['get', kind, name, '-o', 'jsonpath={.status.phase}'], (out) => out === expected);
  const field = (kind: string, name: string, path: string) =>
    stowage.ok(['get', kind, name, '-o', `jsonpath={${path}}`]);
  const events = (name: string, text: string) =>
    stowage.until(['get', 'events', '--field-selector', `involvedObject.name=${name}`], (out) => out.includes(text));

  it('[B9] binds the smallest volume with the fewest access modes', async () => {
    await apply(
      volume('nine-a', { class: 'nine', size: '5Gi', modes: ['ReadWriteOnce', 'ReadWriteMany'] }),
      volume('nine-b', { class: 'nine', size: '10Gi' }),
      volume('nine-c', { class: 'nine', size: '20Gi' }),
    );
    await apply(claim('nine', { storageClassName: 'nine' }, '3Gi'));
    await phase('pvc', 'nine', 'Bound');
    expect(await field('pvc', 'nine', '.spec.volumeName')).toBe('nine-b');
    expect(await field('pvc', 'nine', '.status.capacity.storage')).toBe('10Gi');
  });

  it('[W1][B7] makes a volume Available, keeps a pre-bound one for its claim, and binds it', async () => {
    await apply(volume('reserved', { class: '', claimRef: 'owner' }));
    await phase('pv', 'reserved', 'Available');
    await apply(claim('stranger', { storageClassName: '' }));
    await events('stranger', 'no persistent volumes available for this claim and no storage class is set');
    await apply(claim('owner', { storageClassName: '' }));
    await phase('pvc', 'owner', 'Bound');
    await phase('pv', 'reserved', 'Bound');
    expect(await field('pvc', 'stranger', '.status.phase')).toBe('Pending');
    await stowage.ok('delete pvc stranger');
  });

  it('[B5][W2] leaves a claim Pending while the volume that it names is missing, then binds it', async () => {
    await apply(claim('named', { storageClassName: 'named', volumeName: 'named' }));
    await phase('pvc', 'named', 'Pending');
    await apply(volume('named'));
    await phase('pvc', 'named', 'Bound');
  });

  it('[B5] tells why the volume that a claim names does not fit', async () => {
    await apply(
      volume('tiny', { size: '1Gi' }),
      claim('greedy', { storageClassName: 'tiny', volumeName: 'tiny' }, '2Gi'),
    );
    await events('greedy', 'Cannot bind to requested volume "tiny": requested PV is too small');
  });

  it('[B9] honours the selector', async () => {
    await apply(
      volume('slow', { class: 'tiers', labels: { tier: 'slow' } }),
      volume('fast', { class: 'tiers', labels: { tier: 'fast' }, size: '9Gi' }),
      claim('picky', { storageClassName: 'tiers', selector: { matchLabels: { tier: 'fast' } } }),
    );
    await phase('pvc', 'picky', 'Bound');
    expect(await field('pvc', 'picky', '.spec.volumeName')).toBe('fast');
  });

  it('[B11][W1][rel-B3] keeps a retained volume Released until its claimRef is cleared', async () => {
    await apply(volume('kept'), claim('first', { storageClassName: 'kept' }));
    await phase('pvc', 'first', 'Bound');
    await stowage.ok('delete pvc first');
    await phase('pv', 'kept', 'Released');
    await apply(claim('first', { storageClassName: 'kept' }));
    expect(await field('pvc', 'first', '.status.phase')).toBe('Pending');
    await stowage.ok(['patch', 'pv', 'kept', '--type=json', '-p', '[{"op":"remove","path":"/spec/claimRef"}]']);
    await phase('pvc', 'first', 'Bound');
  });

  it('[B11][W1] removes a released volume under Delete through its driver', async () => {
    await apply(claim('dynamic', { storageClassName: 'standard' }, '16Mi'));
    await phase('pvc', 'dynamic', 'Bound');
    const name = await field('pvc', 'dynamic', '.spec.volumeName');
    await stowage.ok('delete pvc dynamic');
    await stowage.until(['get', 'pv', name, '--ignore-not-found'], (out) => out === '');
  });

  it('[A16] gives a claim without a class the default class', async () => {
    await apply(claim('classless', {}, '16Mi'));
    expect(await field('pvc', 'classless', '.spec.storageClassName')).toBe('standard');
    await phase('pvc', 'classless', 'Bound');
  });

  it('[C1][W2] shows a claim that is in use as Terminating until its pod is gone', async () => {
    const container = {
      name: 'main',
      image: 'busybox',
      command: ['sleep', 'infinity'],
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    };
    await apply(claim('used', { storageClassName: 'standard' }, '16Mi'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'user' },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [container],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'used' } }],
      },
    });
    await phase('pod', 'user', 'Running');
    await stowage.ok('delete pvc used --wait=false');
    expect(await stowage.ok('get pvc used')).toContain('Terminating');
    await stowage.ok('delete pod user');
    await stowage.until('get pvc used --ignore-not-found', (out) => out === '');
  });
});
