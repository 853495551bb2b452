import { describe, expect, it } from 'vitest';
import { persistentVolumes, pods } from '../resources.ts';
import { pod, problems, volume } from './testing.ts';

const reserved = 'kubernetes.io and k8s.io namespaces are reserved';

describe('a FlexVolume', () => {
  const inPod = (flexVolume: object) => problems(pods, pod({}, [{ name: 'v', flexVolume }]));
  const persistent = (flexVolume: object) => problems(persistentVolumes, volume({ flexVolume }));

  it.each([{}, { fsType: 'ext4' }, { driver: '' }])('[A15] needs a driver: %j', (source) => {
    expect(inPod(source)).toEqual(['spec.volumes[0].flexVolume.driver: Required value']);
    expect(persistent(source)).toEqual(['spec.flexVolume.driver: Required value']);
  });

  it.each(['kubernetes.io/fsType', 'k8s.io/x', 'a.kubernetes.io/x', 'KUBERNETES.IO/x', 'x.K8S.io/y', 'k8s.io'])(
    '[A15] [rel-S-FS15] has no option %s',
    (key) => {
      const source = { driver: 'a/b', options: { [key]: '' } };
      const problem = `Invalid value: ${JSON.stringify(key)}: ${reserved}`;
      expect(inPod(source)).toEqual([`spec.volumes[0].flexVolume.options[${key}]: ${problem}`]);
      expect(persistent(source)).toEqual([`spec.flexVolume.options[${key}]: ${problem}`]);
    },
  );

  it.each(['volumeID', 'my-k8s.io/x', 'notkubernetes.io/x', 'example.com/kubernetes.io'])(
    '[A15] may have an option %s',
    (key) => {
      const source = { driver: 'a/b', options: { [key]: 'x' } };
      expect([...inPod(source), ...persistent(source)]).toEqual([]);
    },
  );
});
