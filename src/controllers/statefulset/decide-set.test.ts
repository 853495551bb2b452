/** Upstream: stateful_set_control_test.go, what it expects of one look at a set. */
import { describe, expect, it } from 'vitest';
import type { Pod, StatefulSet } from '../../api/index.ts';
import { testMeta, testPod } from '../common/test-objects.ts';
import { decideSet, type SetAction } from './decide-set.ts';
import { arrangePods } from './ordinals.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const readySince = (secondsAgo: number) => new Date(nowMs - secondsAgo * 1000).toISOString();

/** `3:ready@old` is pod web-3, ready for an hour, of the revision old. States: ready, fresh (for 5 s), running, pending, failed, succeeded, ending; anonymous has lost its labels. */
function podOf(text: string): Pod {
  const [, ordinal = '', state = '', revision = 'new'] = /^(\d+):(\w+)(?:@(\w+))?$/.exec(text) ?? [];
  const phases: Record<string, string> = { pending: 'Pending', failed: 'Failed', succeeded: 'Succeeded' };
  const isReady = ['ready', 'fresh', 'ending', 'anonymous'].includes(state);
  const lastTransitionTime = readySince(state === 'fresh' ? 5 : 3600);
  const name = `web-${ordinal}`;
  const identity = { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': ordinal };
  const labels = { 'controller-revision-hash': revision, ...(state === 'anonymous' ? {} : identity) };
  const meta = { labels, ...(state === 'ending' ? { deletionTimestamp: readySince(1) } : {}) };
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime }];
  return testPod(name, {}, { meta, status: { phase: phases[state] ?? 'Running', conditions } });
}

function setOf(spec: Partial<StatefulSet['spec']>): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: testMeta('web', { namespace: 'ns' }),
    spec: { replicas: 3, selector: {}, serviceName: 'web', template: {} as never, ...spec },
  };
}

function textOf(action: SetAction): string {
  switch (action.kind) {
    case 'create':
      return `create ${action.ordinal} ${action.revision}`;
    case 'ensureClaims':
      return `ensureClaims ${action.ordinal}`;
    default:
      return `${action.kind} ${action.pod.metadata.name}`;
  }
}

function actions(spec: Partial<StatefulSet['spec']>, pods: string, isUpdating: boolean): readonly string[] {
  const set = setOf(spec);
  const found = pods === '' ? [] : pods.split(' ').map(podOf);
  const [updateRevision, currentRevision] = ['new', isUpdating ? 'old' : 'new'];
  const currentReplicas = found.filter(
    ({ metadata }) => metadata.labels?.['controller-revision-hash'] === 'old',
  ).length;
  return decideSet({ set, pods: arrangePods(set, found), updateRevision, currentRevision, currentReplicas, nowMs }).map(
    textOf,
  );
}

const parallel = { podManagementPolicy: 'Parallel' };
const partition = (count: number) => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: count } },
});
const onDelete = { updateStrategy: { type: 'OnDelete' } };

type Row = readonly [string, Partial<StatefulSet['spec']>, string, string];

const steady: readonly Row[] = [
  ['[C4] an empty set makes its first pod', {}, '', 'create 0 update'],
  ['[C4] the next pod waits for a pending one', {}, '0:pending', 'ensureClaims 0'],
  ['[C4] the next pod waits for one that is not ready', {}, '0:running', ''],
  ['[C4] the next pod waits for one that is ending', {}, '0:ending', ''],
  ['[C4] the next pod follows a ready one', {}, '0:ready', 'create 1 update'],
  ['[C4] the next pod waits for minReadySeconds', { minReadySeconds: 10 }, '0:fresh', ''],
  ['[C4] the next pod comes after minReadySeconds', { minReadySeconds: 10 }, '0:ready', 'create 1 update'],
  ['[C4] a gap is filled first', {}, '0:ready 2:ready', 'create 1 update'],
  ['[C4] a gap below pods that are not ready is filled', {}, '1:running 2:pending', 'create 0 update'],
  ['[C4] a full set is left alone', {}, '0:ready 1:ready 2:ready', ''],
  ['[C4] ordinals start where the set says', { replicas: 1, ordinals: { start: 5 } }, '', 'create 5 update'],
  ['[C4] pods below the start go', { replicas: 1, ordinals: { start: 1 } }, '0:ready 1:ready', 'scaleDown web-0'],
  ['[C4] a failed pod makes room', {}, '0:ready 1:failed', 'replace web-1'],
  ['[C4] a pod that ended well makes room', {}, '0:succeeded', 'replace web-0'],
  ['[C4] a parallel set makes all at once', parallel, '', 'create 0 update, create 1 update, create 2 update'],
  ['[C4] a parallel set waits for nobody', parallel, '0:running 1:pending', 'ensureClaims 1, create 2 update'],
  [
    '[C4] a parallel set replaces all that failed',
    parallel,
    '0:failed 1:ready 2:failed',
    'replace web-0, replace web-2',
  ],
  ['[rel-I2] a pod that is ending has no second beside it', parallel, '0:ending 1:ending 2:ready', ''],
  ['[C4] the last pod goes first', { replicas: 1 }, '0:ready 1:ready 2:ready', 'scaleDown web-2'],
  ['[C4] the next to go waits for the last one', { replicas: 1 }, '0:ready 1:ready 2:ending', ''],
  ['[C4] scaling down waits for a sick pod below', { replicas: 1 }, '0:running 1:ready 2:ready', ''],
  ['[C4] a sick pod beyond the replicas goes', { replicas: 1 }, '0:ready 1:ready 2:running', 'scaleDown web-2'],
  ['[C4] a second sick pod waits for the first to be well', { replicas: 1 }, '0:ready 1:running 2:running', ''],
  [
    '[C4] a parallel set goes at once',
    { replicas: 1, ...parallel },
    '0:running 1:ready 2:ready',
    'scaleDown web-2, scaleDown web-1',
  ],
  ['[C4] a set of none lets all go in turn', { replicas: 0 }, '0:ready 1:ready', 'scaleDown web-1'],
  ['[C4] labels that were taken are given back', {}, '0:ready 1:anonymous 2:ready', 'identify web-1'],
  ['[C4] labels are given back before the next pod', {}, '0:anonymous 1:ready', 'identify web-0, create 2 update'],
];

const updating: readonly Row[] = [
  ['[C4] the last pod is updated first', {}, '0:ready@old 1:ready@old 2:ready@old', 'update web-2'],
  ['[C4] the next update waits for the last one', {}, '0:ready@old 1:ready@old 2:running', ''],
  ['[C4] the next update waits for minReadySeconds', { minReadySeconds: 10 }, '0:ready@old 1:ready@old 2:fresh', ''],
  ['[C4] the next update follows', {}, '0:ready@old 1:ready@old 2:ready', 'update web-1'],
  ['[C4] a pod that is going is not updated twice', {}, '0:ready@old 1:ready@old 2:ending@old', ''],
  [
    '[C4] a pod that came back from its update is of the new revision',
    {},
    '0:ready@old 1:ready@old',
    'create 2 update',
  ],
  ['[C4] an updated set is left alone', {}, '0:ready 1:ready 2:ready', ''],
  ['[C4] an update stops at the partition', partition(2), '0:ready@old 1:ready@old 2:ready', ''],
  ['[C4] an update goes down to the partition', partition(1), '0:ready@old 1:ready@old 2:ready', 'update web-1'],
  ['[C4] below the partition pods come back as they were', partition(2), '0:ready@old 2:ready', 'create 1 current'],
  ['[C4] above the partition pods come back new', partition(1), '0:ready@old 1:ready', 'create 2 update'],
  ['[C4] a partition beyond the replicas updates nothing', partition(9), '0:ready@old 1:ready@old 2:ready@old', ''],
  [
    '[C4] a partition counts from the start',
    { replicas: 2, ordinals: { start: 4 }, ...partition(1) },
    '4:ready@old',
    'create 5 update',
  ],
  ['[C4] OnDelete leaves all to the user', onDelete, '0:ready@old 1:ready@old 2:ready@old', ''],
  ['[C4] OnDelete gives those that come back the new revision', onDelete, '0:ready@old 2:ready@old', 'create 1 update'],
  ['[C4] scaling goes before updating', { replicas: 2 }, '0:ready@old 1:ready@old 2:ready@old', 'scaleDown web-2'],
  ['[C4] a sick pod of the old revision holds an ordered update up', {}, '0:running@old 1:ready@old 2:ready@old', ''],
  [
    '[C4] a parallel set updates a sick pod of the old revision',
    parallel,
    '0:ready@old 1:ready@old 2:running@old',
    'update web-2',
  ],
  ['[C4] a parallel set updates one at a time', parallel, '0:ready@old 1:ready@old 2:running', ''],
];

describe('one look at a set', () => {
  it.each(steady)('%s', (_title, spec, pods, expected) => {
    expect(actions(spec, pods, false).join(', ')).toBe(expected);
  });

  describe('[C4] while its template changes', () => {
    it.each(updating)('%s', (_title, spec, pods, expected) => {
      expect(actions(spec, pods, true).join(', ')).toBe(expected);
    });
  });

  it('[C4] does nothing for a set that is being deleted', () => {
    const set = setOf({});
    const deleted = { ...set, metadata: { ...set.metadata, deletionTimestamp: readySince(1) } };
    const state = { updateRevision: 'new', currentRevision: 'new', currentReplicas: 0, nowMs };
    expect(decideSet({ set: deleted, pods: arrangePods(deleted, []), ...state })).toEqual([]);
  });
});
