import { timed } from '../api.ts';
import { connections, must, onUp, perSecond } from '../scenario.ts';

export const configMaps = onUp({
  name: 'configmaps',
  run: async (_stowage, api) => {
    const count = 6000;
    const path = '/api/v1/namespaces/default/configmaps';
    const data = { text: 'x'.repeat(400) };
    const object = (index: number) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `bench-${index}` },
      data,
    });
    const create = async (index: number) => void (await must(api.call('POST', path, object(index))));
    const created = await timed(count, connections, create);
    const got = await timed(count, connections, async (i) => void (await must(api.call('GET', `${path}/bench-${i}`))));
    const patched = await timed(count, connections, async (index) => {
      const patch = { data: { text: `y${index}` } };
      await must(api.call('PATCH', `${path}/bench-${index}`, patch, 'application/merge-patch+json'));
    });
    const deleted = await timed(
      count,
      connections,
      async (i) => void (await must(api.call('DELETE', `${path}/bench-${i}`))),
    );
    return {
      createsPerSecond: perSecond(count, created),
      getsPerSecond: perSecond(count, got),
      patchesPerSecond: perSecond(count, patched),
      deletesPerSecond: perSecond(count, deleted),
    };
  },
});
