import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { parseSchedulerConfig } from './scheduler-config.ts';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

describe('the configuration file of the scheduler', () => {
  it('sets the name, the time to bind, the connection and the election', async () => {
    const config = await parseSchedulerConfig(`${head}
clientConnection: { kubeconfig: /etc/kubernetes/scheduler.conf, qps: 50, burst: 100 }
leaderElection: { leaderElect: true, leaseDuration: 30s, resourceName: mine }
profiles:
- schedulerName: storage-scheduler
  pluginConfig:
  - name: VolumeBinding
    args: { kind: VolumeBindingArgs, bindTimeoutSeconds: 90 }
`);
    expect(config.schedulerName).toBe('storage-scheduler');
    expect(config.bindTimeoutMs).toBe(90_000);
    expect(Object.fromEntries(config.flags)).toEqual({
      kubeconfig: '/etc/kubernetes/scheduler.conf',
      'kube-api-qps': '50',
      'kube-api-burst': '100',
      'leader-elect': 'true',
      'leader-elect-lease-duration': '30s',
      'leader-elect-resource-name': 'mine',
    });
  });

  it.each([
    ['parallelism: 16', 'parallelism is not supported'],
    ['leaderElection: { leaderElekt: true }', 'leaderElection.leaderElekt is not supported'],
    ['profiles: [{ plugins: { score: {} } }]', 'profiles[0].plugins is not supported'],
    ['profiles: [{}, {}]', 'profiles: more than one is not supported'],
    ['profiles: [{ schedulerName: 7 }]', 'profiles[0].schedulerName must be a name'],
    [
      'profiles: [{ pluginConfig: [{ name: NodeAffinity, args: {} }] }]',
      'profiles[0].pluginConfig[0]: arguments of NodeAffinity are not supported',
    ],
    [
      'profiles: [{ pluginConfig: [{ name: VolumeBinding, args: { bindTimeoutSeconds: soon } }] }]',
      'profiles[0].pluginConfig[0].args.bindTimeoutSeconds must be a whole number of seconds',
    ],
    ['profiles: 7', 'profiles must be a list'],
  ])('is refused by the name of the field: %s', async (text, message) => {
    const parsing = parseSchedulerConfig(head + text);
    await expect(parsing).rejects.toThrow(UsageError);
    await expect(parsing).rejects.toThrow(`--config: ${message}`);
  });

  it('is refused when it is something else', async () => {
    await expect(parseSchedulerConfig('kind: Pod')).rejects.toThrow('--config: the file must be');
    await expect(parseSchedulerConfig('a: [')).rejects.toThrow('--config: the file is not YAML');
  });
});
