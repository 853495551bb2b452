import { describe, expect, it } from 'vitest';
import { type PersistentVolume, persistentVolumes } from '../../api/index.ts';
import { MemoryInformer } from '../plugins/testing/memory-informers.ts';
import { volume } from '../plugins/testing/objects.ts';
import { AssumeCache } from './assume-cache.ts';

const at = (version: string, size = '1Gi') => volume('v', { version, size });
/** The same version with a mark of ours. */
const ours = (version: string) => at(version, '9Gi');

interface World {
  readonly informer: MemoryInformer<PersistentVolume>;
  readonly cache: AssumeCache<PersistentVolume>;
}

const assume = (changed: PersistentVolume) => {
  return ({ cache }: World): boolean => {
    const shown = cache.get('v');
    return shown !== undefined && cache.assume(changed, shown);
  };
};
const show = (seen: PersistentVolume) => {
  return ({ informer }: World): boolean => {
    informer.set(seen);
    return true;
  };
};
const restore = ({ cache }: World): boolean => {
  cache.restore('v');
  return true;
};
const remove = ({ informer }: World): boolean => {
  informer.delete('v');
  return true;
};

const rows: readonly {
  title: string;
  steps: readonly ((world: World) => boolean)[];
  /** Version and size that the cache shows at the end. */
  shows: readonly [string, string] | undefined;
  refused?: boolean;
}[] = [
  { title: 'what the informer shows', steps: [show(at('5'))], shows: ['5', '1Gi'] },
  { title: 'nothing that the informer does not show', steps: [], shows: undefined },
  { title: 'an assumption', steps: [show(at('5')), assume(ours('5'))], shows: ['5', '9Gi'] },
  { title: 'no assumption about what is not there', steps: [assume(ours('5'))], shows: undefined, refused: true },
  {
    title: 'an assumption upon another',
    steps: [show(at('5')), assume(at('5', '2Gi')), assume(ours('5'))],
    shows: ['5', '9Gi'],
  },
  {
    title: 'what the informer showed, once it is restored',
    steps: [show(at('5')), assume(ours('5')), restore],
    shows: ['5', '1Gi'],
  },
  { title: 'the same when nothing was assumed', steps: [show(at('5')), restore], shows: ['5', '1Gi'] },
  { title: 'nothing when nothing is there to restore', steps: [restore], shows: undefined },
  {
    title: 'the assumption when the same version is shown again',
    steps: [show(at('5')), assume(ours('5')), show(at('5'))],
    shows: ['5', '9Gi'],
  },
  {
    title: 'the assumption when an older version is shown late',
    steps: [show(at('5')), assume(ours('5')), show(at('4'))],
    shows: ['5', '9Gi'],
  },
  { title: 'a newer version', steps: [show(at('5')), assume(ours('5')), show(at('6', '2Gi'))], shows: ['6', '2Gi'] },
  {
    title: 'versions as numbers',
    steps: [show(at('9')), assume(ours('9')), show(at('10', '2Gi'))],
    shows: ['10', '2Gi'],
  },
  { title: 'nothing once the object is gone', steps: [show(at('5')), assume(ours('5')), remove], shows: undefined },
  {
    title: 'the new object of that name',
    steps: [show(at('5')), assume(ours('5')), remove, show(at('8'))],
    shows: ['8', '1Gi'],
  },
  {
    title: 'a new assumption about it',
    steps: [show(at('5')), assume(ours('5')), remove, show(at('8')), assume(ours('8'))],
    shows: ['8', '9Gi'],
  },
  {
    title: 'the newer version after it restored an assumption',
    steps: [show(at('5')), assume(ours('5')), show(at('6')), restore],
    shows: ['6', '1Gi'],
  },
];

function world(): World {
  const informer = new MemoryInformer(persistentVolumes);
  informer.addIndex('size', ({ spec }) => [spec.capacity?.storage ?? '']);
  return { informer, cache: new AssumeCache(informer) };
}

describe('the assume cache', () => {
  it.each(rows)('[H4] shows $title', ({ steps, shows, refused = false }) => {
    const both = world();
    const done = steps.map((step) => step(both));
    expect(done.includes(false)).toBe(refused);
    const shown = both.cache.get('v');
    expect(shown && [shown.metadata.resourceVersion, shown.spec.capacity?.storage]).toEqual(shows);
  });

  it('[H4] refuses an assumption built on something else than it shows', () => {
    const { informer, cache } = world();
    const first = at('5');
    informer.set(first);
    informer.set(at('6'));
    expect(cache.assume(ours('5'), first)).toBe(false);
    const second = cache.get('v') as PersistentVolume;
    expect(cache.assume(ours('6'), second)).toBe(true);
    expect(cache.assume(at('6', '2Gi'), second)).toBe(false);
  });

  it('[H4] shows assumptions in lists', () => {
    const { informer, cache } = world();
    informer.set(at('5'));
    cache.assume(ours('5'), cache.get('v') as PersistentVolume);
    const sizes = (list: Iterable<PersistentVolume>) => [...list].map(({ spec }) => spec.capacity?.storage);
    expect(sizes(cache.byIndex('size', '1Gi'))).toEqual(['9Gi']);
    expect(sizes(cache.assumed())).toEqual(['9Gi']);
  });
});
