import { expect, it } from 'vitest';
import { VirtualClock } from '../base/index.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { pointsOf } from './framework/plugin-selection.ts';
import { pluginPoints } from './plugin-points.ts';
import { MemoryInformers } from './plugins/testing/memory-informers.ts';
import { createVolumeCaches } from './plugins/volume-plugins.ts';

it('configurations are checked against the plugins that there are', () => {
  const informers = new MemoryInformers();
  const plugins = createDefaultPlugins({
    client: {} as never,
    clock: new VirtualClock(),
    informers,
    caches: createVolumeCaches(informers),
    preemption: { name: 'DefaultPreemption' },
    arguments: {},
  });
  expect(plugins.map(({ name }) => name).sort()).toEqual(Object.keys(pluginPoints).sort());
  const beyond = plugins.flatMap((plugin) => {
    const known = new Set(pluginPoints[plugin.name]);
    return pointsOf(plugin).flatMap((point) => (known.has(point) ? [] : [`${plugin.name}.${point}`]));
  });
  expect(beyond).toEqual([]);
});
