import { describe, expect, it } from 'vitest';
import { type KubernetesObject, keyOf, type PersistentVolume, type PersistentVolumeClaim } from '../../../api/index.ts';
import { claim, node, pod, volume } from '../testing/objects.ts';
import { type BindingProgress, checkBindings, type WrittenBindings } from './check-bindings.ts';

const user = pod('p', { claims: ['a'] });
const here = { hosts: ['n'] };
const there = { hosts: ['m'] };

/** What was written: version 20. */
const wantsVolume = { claim: claim('a'), volume: volume('v', { ...here, claim: 'a', version: '20' }) };
const wantsNew = claim('a', { selectedNode: 'n', version: '20' });

const at = (version: string) => ({ ...here, claim: 'a', version });
const bound = (options: Parameters<typeof claim>[1] = {}) => claim('a', { volume: 'v', version: '21', ...options });
const made = (options: Parameters<typeof claim>[1] = {}) => bound({ selectedNode: 'n', ...options });

interface Row {
  readonly title: string;
  readonly bindings?: WrittenBindings['bindings'];
  readonly provisions?: WrittenBindings['provisions'];
  /** What the informers show besides the node and the pod. */
  readonly objects: readonly KubernetesObject[];
  readonly without?: 'Node' | 'Pod';
  /** Names of objects that another pod's write is on its way to. */
  readonly assumed?: readonly string[];
  /** `bound`, `waiting`, or why not. */
  readonly says: string;
}

const staticRows: readonly Row[] = [
  { title: 'claim and volume are bound', objects: [bound(), volume('v', at('20'))], says: 'bound' },
  { title: 'and have changed since', objects: [bound({ version: '30' }), volume('v', at('25'))], says: 'bound' },
  { title: 'the claim is not bound yet', objects: [claim('a'), volume('v', at('20'))], says: 'waiting' },
  {
    title: 'the claim names the volume and no more',
    objects: [bound({ bound: false }), volume('v', at('20'))],
    says: 'waiting',
  },
  {
    title: 'the volume is not seen as written yet',
    objects: [bound(), volume('v', { ...here, version: '10' })],
    says: 'waiting',
  },
  {
    title: 'the volume is gone',
    objects: [bound()],
    says: 'failed to check binding: could not find v1.PersistentVolume "v": object not found',
  },
  {
    title: 'the claim is gone',
    objects: [volume('v', at('20'))],
    says: 'failed to check binding: could not find v1.PersistentVolumeClaim "ns/a": object not found',
  },
  {
    title: 'the claim is another of its name',
    objects: [{ ...bound(), metadata: { ...bound().metadata, uid: 'new' } }, volume('v', at('20'))],
    says: 'failed to check binding: could not find v1.PersistentVolumeClaim "ns/a": object not found',
  },
  {
    title: 'the claim is being deleted before it was bound',
    objects: [claim('a', { deleting: true }), volume('v', at('20'))],
    says: 'persistentvolumeclaim "a" is being deleted',
  },
  {
    title: 'the claim is being deleted after it was bound',
    objects: [bound({ deleting: true }), volume('v', at('20'))],
    says: 'bound',
  },
  {
    title: 'the volume lost its claimRef',
    objects: [claim('a'), volume('v', { ...here, version: '21' })],
    says: 'ClaimRef got reset for pv "v"',
  },
  {
    title: 'another pod of the claim is about to write the claimRef',
    objects: [claim('a'), volume('v', { ...here, version: '20' })],
    assumed: ['v'],
    says: 'waiting',
  },
  {
    title: 'the claimRef lost its uid',
    objects: [claim('a'), volume('v', { ...here, claim: 'a', uid: false, version: '21' })],
    says: 'ClaimRef got reset for pv "v"',
  },
  {
    title: 'the volume is elsewhere now',
    objects: [bound(), volume('v', { ...at('21'), ...there })],
    says: 'pv "v" node affinity doesn\'t match node "n": no matching NodeSelectorTerms',
  },
];

const newRows: readonly Row[] = [
  { title: 'the volume was made and bound', objects: [made(), volume('v', at('5'))], says: 'bound' },
  { title: 'nothing happened yet', objects: [claim('a', { selectedNode: 'n', version: '20' })], says: 'waiting' },
  { title: 'the claim is not seen as written yet', objects: [claim('a', { version: '10' })], says: 'waiting' },
  {
    title: 'the claim names the volume and no more',
    objects: [made({ bound: false }), volume('v', at('5'))],
    says: 'waiting',
  },
  { title: 'the claim is bound, its volume not seen yet', objects: [made()], says: 'waiting' },
  {
    title: 'the volume was made elsewhere',
    objects: [made({ bound: false }), volume('v', { ...at('5'), ...there })],
    says: 'pv "v" node affinity doesn\'t match node "n": no matching NodeSelectorTerms',
  },
  { title: 'the node was taken back', objects: [bound()], says: 'provisioning failed for PVC "a"' },
  {
    title: 'the node was taken back before it was bound',
    objects: [claim('a', { version: '21' })],
    says: 'provisioning failed for PVC "a"',
  },
  {
    title: 'another node was selected',
    objects: [claim('a', { selectedNode: 'm', version: '21' })],
    says: 'provisioning failed for PVC "a"',
  },
  {
    title: 'another pod of the claim is about to select the node',
    objects: [claim('a', { version: '20' })],
    assumed: ['a'],
    says: 'waiting',
  },
  {
    title: 'all annotations were taken away',
    objects: [withoutAnnotations(claim('a', { version: '21' }))],
    says: 'selectedNode annotation reset for PVC "a"',
  },
  {
    title: 'the claim is gone',
    objects: [],
    says: 'failed to check provisioning pvc: could not find v1.PersistentVolumeClaim "ns/a": object not found',
  },
  {
    title: 'the claim is being deleted',
    objects: [claim('a', { selectedNode: 'n', version: '21', deleting: true })],
    says: 'persistentvolumeclaim "a" is being deleted',
  },
];

const otherRows: readonly Row[] = [
  { title: 'nothing was to be done', bindings: [], provisions: [], objects: [], says: 'bound' },
  {
    title: 'the node is gone',
    bindings: [wantsVolume],
    objects: [bound(), volume('v', at('20'))],
    without: 'Node',
    says: 'failed to get node "n": node "n" not found',
  },
  {
    title: 'the pod is gone',
    bindings: [wantsVolume],
    objects: [bound(), volume('v', at('20'))],
    without: 'Pod',
    says: 'pod does not exist any more: pod "p" not found',
  },
  {
    title: 'the pod is another of its name',
    bindings: [wantsVolume],
    objects: [pod('p', { uid: 'new' }), bound(), volume('v', at('20'))],
    says: 'pod does not exist any more: pod "p" not found',
  },
  {
    title: 'one is bound, one is to come',
    bindings: [wantsVolume],
    provisions: [claim('b', { selectedNode: 'n', version: '20' })],
    objects: [bound(), volume('v', at('20')), claim('b', { selectedNode: 'n', version: '20' })],
    says: 'waiting',
  },
  {
    title: 'one is to come, one has failed: the failure is told at once',
    bindings: [wantsVolume],
    provisions: [claim('b', { selectedNode: 'n', version: '20' })],
    objects: [claim('a'), volume('v', at('20')), claim('b', { version: '21' })],
    says: 'provisioning failed for PVC "b"',
  },
];

function withoutAnnotations(bare: PersistentVolumeClaim): PersistentVolumeClaim {
  const { annotations: _annotations, ...metadata } = bare.metadata;
  return { ...bare, metadata };
}

function textOf(progress: BindingProgress): string {
  return progress.kind === 'failed' ? progress.reason : progress.kind;
}

describe('the progress of a pod’s volumes', () => {
  const check = ({ bindings = [], provisions = [], objects, without, assumed = [], says }: Row) => {
    const shown = new Map<string, KubernetesObject>();
    for (const object of [user, node('n'), ...objects]) shown.set(`${object.kind} ${keyOf(object)}`, object);
    const find = <T>(kind: string, key: string) =>
      kind === without ? undefined : (shown.get(`${kind} ${key}`) as T | undefined);
    const progress = checkBindings(
      { pod: user, nodeName: 'n', bindings, provisions },
      {
        node: (name) => find('Node', name),
        pod: (key) => find('Pod', key),
        claim: (key) => find('PersistentVolumeClaim', key),
        volume: (name) => find<PersistentVolume>('PersistentVolume', name),
        isAssumed: ({ metadata }) => assumed.includes(metadata.name),
        onNode: (seen) => seen,
      },
    );
    expect(textOf(progress)).toBe(says);
  };
  it.each(staticRows)('[H4] to be bound: $title', (row) => check({ ...row, bindings: [wantsVolume] }));
  it.each(newRows)('[H4][rel-H3] to be made: $title', (row) => check({ ...row, provisions: [wantsNew] }));
  it.each(otherRows)('[H4] $title', check);
});
