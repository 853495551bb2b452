import { describe, expect, it } from 'vitest';
import { FakeMounter } from './testing.ts';

describe('the mount table for tests', () => {
  it('mounts, binds, finds references, and unmounts', async () => {
    const mounter = new FakeMounter();
    await mounter.mount({ source: 'tmpfs', target: '/vol', fsType: 'tmpfs', options: ['size=1m'] });
    await mounter.mount({ source: '/vol/data', target: '/pod', options: ['bind', 'ro'] });
    expect(await mounter.isMountPoint('/pod/')).toBe(true);
    expect(await mounter.getMountRefs('/vol/data')).toEqual(['/pod']);
    expect(mounter.mounted.at(-1)).toMatchObject({ root: '/data', fsType: 'tmpfs', options: ['ro'] });
    await mounter.unmount('/pod');
    await mounter.unmount('/vol');
    expect(mounter.mounted).toEqual([]);
  });

  it('answers as the kernel does: nothing mounted, busy, stacked', async () => {
    const mounter = new FakeMounter();
    await expect(mounter.unmount('/vol')).rejects.toMatchObject({ code: 'NotMounted' });
    await mounter.mount({ source: 'tmpfs', target: '/vol', fsType: 'tmpfs' });
    await mounter.mount({ source: 'tmpfs', target: '/vol', fsType: 'tmpfs' });
    await mounter.mount({ source: 'tmpfs', target: '/vol/inner', fsType: 'tmpfs' });
    await expect(mounter.unmount('/vol')).rejects.toMatchObject({ code: 'Busy' });
    await mounter.unmount('/vol', { lazy: true });
    expect(mounter.mounted).toHaveLength(1);
  });

  it('lets a test fail a change, which then has not happened', async () => {
    const mounter = new FakeMounter();
    mounter.intercept(({ verb }) => {
      if (verb === 'mount') throw new Error('refused');
    });
    await expect(mounter.mount({ source: 's', target: '/t' })).rejects.toThrow('refused');
    expect(mounter.calls).toEqual([]);
    mounter.intercept(undefined);
    await mounter.mount({ source: 's', target: '/t' });
    expect(mounter.calls).toEqual([{ verb: 'mount', source: 's', target: '/t' }]);
  });
});
