import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

const driver = 'hostpath.csi.k8s.io';
const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner: driver,
  parameters: { kind: 'fast' },
  volumeBindingMode: 'WaitForFirstConsumer',
};
const container = {
  name: 'main',
  image: 'busybox',
  command: ['sleep', 'infinity'],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};

/** A pod and its claim, which has its name. */
function podWithClaim(name: string, storage: string): object[] {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes },
    },
  ];
}

describe('a driver with 100Mi of storage and volumes of 80Mi at most', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    const driverArgs = ['--capacity=fast=100Mi', '--max-volume-size=80Mi', '--enable-topology=true'];
    stowage = await Stowage.start({ args: driverArgs.map((arg) => `--driver-arg=${arg}`) });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const apply = (...items: object[]) =>
    stowage.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const publish = (storageCapacity: boolean) =>
    stowage.ok(['patch', 'csidriver', driver, '-p', JSON.stringify({ spec: { storageCapacity } })]);
  /** Where there is how much, as `node-0 100Mi 80Mi`, of the class alone. */
  const untilCapacity = async (capacity: string, largest = capacity) => {
    const columns =
      'C:.storageClassName,N:.nodeTopology.matchLabels.topology\\.hostpath\\.csi/node,A:.capacity,M:.maximumVolumeSize';
    const get = ['get', 'csistoragecapacities', '-n', 'kube-system', '--no-headers', '-o', `custom-columns=${columns}`];
    const expected = `fast node-0 ${capacity} ${largest}`;
    const linesOf = (out: string) => out.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
    await stowage.until(get, (out) => linesOf(out).includes(expected));
  };
  const untilRunning = (name: string) =>
    stowage.until(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'], (out) => out === 'Running');
  const untilRefused = (name: string) =>
    stowage.until(
      ['get', 'pod', name, '-o', 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'],
      (out) => out.startsWith('0/1 nodes are available: 1 node(s) did not have enough free storage.'),
    );

  it('[O14] [R3] says so as soon as its CSIDriver object tells that it does', async () => {
    await apply(storageClass);
    expect(await stowage.ok('get csistoragecapacities -A -o name')).toBe('');
    await publish(true);
    await untilCapacity('100Mi', '80Mi');
    expect(await stowage.ok('get csistoragecapacities -n kube-system')).toMatch(
      /^NAME +STORAGECLASSNAME +CAPACITY\n(csisc-[0-9a-f]+ +(fast +100Mi|standard-wait +0)\n){2}$/,
    );
    const selector = `csi.storage.k8s.io/drivername=${driver},csi.storage.k8s.io/managed-by=external-provisioner`;
    expect(await stowage.ok(`get csistoragecapacities -A -l ${selector} -o name`)).toMatch(/^(.+\n){2}$/);
  });

  it('[H3] [R3] lets pods wait whose claims are too large, runs others, and shows what is left', async () => {
    await apply(...podWithClaim('large', '90Mi'), ...podWithClaim('small', '64Mi'));
    await untilRunning('small');
    await untilRefused('large');
    await untilCapacity('36Mi');
    await apply(...podWithClaim('next', '48Mi'));
    await untilRefused('next');
    await stowage.ok('delete pod,pvc small');
    await untilRunning('next');
    await untilCapacity('52Mi');
    expect(await stowage.ok('get pvc large -o jsonpath={.status.phase}')).toBe('Pending');
  });

  it('[O14] says nothing any more once its CSIDriver object tells that it does not', async () => {
    await stowage.ok('delete pod,pvc large next');
    await publish(false);
    await stowage.until('get csistoragecapacities -A -o name', (out) => out === '');
  });
});
