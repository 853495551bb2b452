import { describe, expect, it } from 'vitest';
import { persistentVolumes } from '../../../api/index.ts';
import { attachment, claim, csiNode, node, pod, storageClass, volume } from '../testing/objects.ts';
import { fits, VolumeWorld } from '../testing/volume-world.ts';

const full = 'node(s) exceed max volume count';

/** One place of the driver on node n, and the pod wants it for claim `mine`. */
function world(...objects: Parameters<VolumeWorld['set']>[0][]): { told(): string | undefined; world: VolumeWorld } {
  const volumeWorld = new VolumeWorld([
    node('n'),
    csiNode('n', { d: 1 }),
    storageClass('wait', { provisioner: 'd' }),
    claim('mine', { volume: 'v-mine' }),
    volume('v-mine', { csi: 'd/mine', claim: 'mine' }),
    ...objects,
  ]);
  const wanting = pod('p', { claims: ['mine'] });
  return { world: volumeWorld, told: () => volumeWorld.ask(volumeWorld.plugins.nodeVolumeLimits, wanting).nodes.n };
}

const other = volume('v-other', { csi: 'd/other', claim: 'other' });
const boundOther = claim('other', { volume: 'v-other', version: '11' });
const user = pod('user', { node: 'n', claims: ['other'] });

interface Row {
  readonly title: string;
  readonly before: Parameters<typeof world>;
  readonly change: (world: VolumeWorld) => void;
  readonly answers: readonly [string, string];
}

const rows: readonly Row[] = [
  { title: 'a pod comes', before: [boundOther, other], change: (w) => w.set(user), answers: [fits, full] },
  {
    title: 'a pod goes',
    before: [boundOther, other, user],
    change: (w) => w.delete('Pod', 'ns/user'),
    answers: [full, fits],
  },
  {
    title: 'a volume is attached',
    before: [boundOther, other],
    change: (w) => w.set(attachment('va', 'n', 'v-other', 'd')),
    answers: [fits, full],
  },
  {
    title: 'a volume is detached',
    before: [boundOther, other, attachment('va', 'n', 'v-other', 'd')],
    change: (w) => w.delete('VolumeAttachment', 'va'),
    answers: [full, fits],
  },
  {
    title: 'the claim of a pod is bound to the volume that is wanted',
    before: [claim('other'), user],
    change: (w) => w.set(claim('other', { volume: 'v-mine', version: '11' })),
    answers: [full, fits],
  },
  {
    title: 'the claim of a pod is bound to a volume of another driver',
    before: [claim('other'), volume('v-e', { csi: 'e/x' }), user],
    change: (w) => w.set(claim('other', { volume: 'v-e', version: '11' })),
    answers: [full, fits],
  },
  {
    title: 'the volume of a pod’s claim appears',
    before: [claim('other', { volume: 'v-e' }), user],
    change: (w) => w.set(volume('v-e', { csi: 'e/x' })),
    answers: [full, fits],
  },
  {
    title: 'the claim of a pod appears',
    before: [other, user],
    change: (w) => w.set(boundOther),
    answers: [fits, full],
  },
  {
    title: 'the claim of a pod goes',
    before: [boundOther, other, user],
    change: (w) => w.delete('PersistentVolumeClaim', 'ns/other'),
    answers: [full, fits],
  },
  {
    title: 'the class of a pod’s claim appears',
    before: [claim('other', { class: 'late' }), user],
    change: (w) => w.set(storageClass('late', { provisioner: 'd' })),
    answers: [fits, full],
  },
  {
    title: 'the node takes more',
    before: [boundOther, other, user],
    change: (w) => w.set(csiNode('n', { d: 2 })),
    answers: [full, fits],
  },
  {
    title: 'the phase of a claim changes nothing',
    before: [boundOther, other, user],
    change: (w) => w.set({ ...boundOther, status: { phase: 'Lost' } } as typeof boundOther),
    answers: [full, full],
  },
];

describe('the count of a node’s volumes', () => {
  it.each(rows)('[H9][rel-H2] is right after $title', ({ before, change, answers }) => {
    const { world: volumes, told } = world(...before);
    const first = told();
    change(volumes);
    expect([first, told()]).toEqual(answers);
  });

  it('[H9] is not made again for each pod that is placed', () => {
    const { world: volumes, told } = world(boundOther, other, user);
    told();
    const informer = volumes.informers.informer(persistentVolumes);
    let reads = 0;
    const read = informer.get.bind(informer);
    informer.get = (key) => {
      if (key === 'v-other') reads++;
      return read(key);
    };
    expect([told(), told(), reads]).toEqual([full, full, 0]);
  });
});
