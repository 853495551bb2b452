import { describe, expect, it } from 'vitest';
import { specFromVolume, type VolumePlugin } from '../../../volume-plugins/index.ts';
import type { ActualVolume, PodMount } from '../cache/actual-state-of-world.ts';
import type { DesiredPodVolume, DesiredVolume } from '../cache/desired-state-of-world.ts';
import { testPod } from '../testing/objects.ts';
import { decideVolumeSteps, type ReconcileFacts } from './decide-volume-steps.ts';

const pod = testPod('p', []);
const spec = specFromVolume({ name: 'v', emptyDir: {} });
const plugin = { name: 'p', nodeExpander: { requiresFsResize: true } } as VolumePlugin;
const facts: ReconcileFacts = { populated: true, mayUnmount: () => true };

const wish: DesiredPodVolume = {
  pod,
  spec,
  outerVolumeNames: new Set(['v']),
  gid: undefined,
  requestedAtMs: 0,
};
const mounted: PodMount = {
  podUid: 'pod-uid',
  pod,
  spec,
  outerVolumeNames: new Set(['v']),
  state: 'mounted',
  reconstructed: false,
  intact: false,
  remountRequired: false,
  path: '/p',
  blockDevicePath: undefined,
  attributes: { readOnly: false, seLinuxRelabel: false },
  gid: undefined,
};

function desired(fields: Partial<DesiredVolume> = {}): DesiredVolume {
  return {
    name: 'p/v',
    plugin,
    attachable: true,
    deviceMountable: true,
    reportedInUse: true,
    pods: new Map([['k', wish]]),
    expandToBytes: undefined,
    claimSizeBytes: undefined,
    ...fields,
  };
}

function actual(fields: Partial<ActualVolume> = {}): ActualVolume {
  return {
    name: 'p/v',
    spec,
    plugin,
    attachability: 'required',
    attached: true,
    devicePath: '',
    device: 'mounted',
    deviceReconstructed: false,
    deviceMountPath: '/d',
    pods: new Map(),
    sizeBytes: undefined,
    foundOnDisk: false,
    expandRefusedBytes: undefined,
    ...fields,
  };
}

const withMount = (mount: Partial<PodMount> = {}) => new Map([['k', { ...mounted, ...mount }]]);
const kinds = (...args: Parameters<typeof decideVolumeSteps>) => decideVolumeSteps(...args).map(({ kind }) => kind);

describe('a volume that is wanted', () => {
  it('[I5] is reported in use, then looked for among the attached ones', () => {
    expect(kinds(desired({ reportedInUse: false }), undefined, facts)).toEqual(['awaitReportedInUse']);
    expect(kinds(desired(), undefined, facts)).toEqual(['verifyAttached']);
    expect(kinds(desired({ attachable: false, reportedInUse: false }), undefined, facts)).toEqual(['verifyAttached']);
  });

  it('[I6] has its device mounted before any pod gets it', () => {
    expect(kinds(desired(), actual({ device: 'notMounted' }), facts)).toEqual(['mountDevice']);
    expect(kinds(desired(), actual({ device: 'uncertain' }), facts)).toEqual(['mountDevice']);
    expect(kinds(desired(), actual(), facts)).toEqual(['setUp']);
    expect(kinds(desired({ deviceMountable: false }), actual({ device: 'notMounted' }), facts)).toEqual(['setUp']);
  });

  it('[I10] [I11] is set up again when that is due or in doubt', () => {
    expect(kinds(desired(), actual({ pods: withMount() }), facts)).toEqual([]);
    expect(kinds(desired(), actual({ pods: withMount({ remountRequired: true }) }), facts)).toEqual(['setUp']);
    expect(kinds(desired(), actual({ pods: withMount({ state: 'uncertain' }) }), facts)).toEqual(['setUp']);
  });

  it('[I12] that is intact after a restart is taken over without being attached or mounted again', () => {
    const found = { state: 'uncertain', reconstructed: true, intact: true } as const;
    expect(kinds(desired(), actual({ device: 'uncertain', pods: withMount(found) }), facts)).toEqual(['adopt']);
    expect(
      kinds(desired({ reportedInUse: false }), actual({ attached: false, pods: withMount(found) }), facts),
    ).toEqual(['adopt', 'awaitReportedInUse']);
  });

  it('[E5] is expanded once, through a pod that may write', () => {
    const grown = desired({ expandToBytes: 2n });
    expect(kinds(grown, actual({ pods: withMount() }), facts)).toEqual(['expand']);
    expect(kinds(grown, actual({ pods: withMount(), sizeBytes: 2n }), facts)).toEqual([]);
    expect(kinds(grown, actual({ pods: withMount(), expandRefusedBytes: 2n }), facts)).toEqual([]);
    const attributes = { readOnly: true, seLinuxRelabel: false };
    expect(kinds(grown, actual({ pods: withMount({ attributes }) }), facts)).toEqual([]);
  });

  it('[I4] leaves other pods first', () => {
    const pods = new Map([['gone', mounted]]);
    expect(kinds(desired(), actual({ pods }), facts)).toEqual(['tearDown', 'setUp']);
  });
});

describe('a volume that nobody wants', () => {
  it('[I4] [rel-E3] leaves its pods, then its device, and is then forgotten', () => {
    expect(kinds(undefined, actual({ pods: withMount() }), facts)).toEqual(['tearDown']);
    expect(kinds(undefined, actual(), facts)).toEqual(['unmountDevice']);
    expect(kinds(undefined, actual({ device: 'uncertain' }), facts)).toEqual(['unmountDevice']);
    expect(kinds(undefined, actual({ device: 'notMounted' }), facts)).toEqual(['forget']);
  });

  it('[rel-E2] [rel-E7] stays while a container may run or the pods are not known', () => {
    const inUse = actual({ pods: withMount() });
    expect(kinds(undefined, inUse, { populated: true, mayUnmount: () => false })).toEqual([]);
    expect(kinds(undefined, inUse, { populated: false, mayUnmount: () => true })).toEqual([]);
    expect(kinds(undefined, actual(), { populated: false, mayUnmount: () => true })).toEqual([]);
  });

  it('[rel-E15] is in use until it is known whether it must be detached', () => {
    expect(kinds(undefined, actual({ device: 'notMounted', attachability: 'unknown' }), facts)).toEqual([]);
  });
});
