import { describe, expect, it } from 'vitest';
import { UsageError } from '../../base/index.ts';
import { defaultShape } from '../../scheduler/index.ts';
import { parseFeatureGates } from './feature-gates.ts';
import { kubernetesGates } from './kubernetes-gates.ts';
import { defaultProfile, parseSchedulerConfig } from './scheduler-config.ts';

const scoring = parseFeatureGates(kubernetesGates, 'StorageCapacityScoring=true');
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
    expect(config.profiles).toEqual([{ schedulerName: 'storage-scheduler', arguments: { bindTimeoutMs: 90_000 } }]);
    expect(Object.fromEntries(config.flags)).toEqual({
      kubeconfig: '/etc/kubernetes/scheduler.conf',
      'kube-api-qps': '50',
      'kube-api-burst': '100',
      'leader-elect': 'true',
      'leader-elect-lease-duration': '30s',
      'leader-elect-resource-name': 'mine',
    });
  });

  it('takes several profiles with plugins and their arguments', async () => {
    const { profiles, backoff, idle } = await parseSchedulerConfig(
      `${head}
parallelism: 16
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
enableProfiling: true
clientConnection: { acceptContentTypes: application/json }
profiles:
- schedulerName: default-scheduler
  plugins:
    score: { disabled: [{ name: '*' }], enabled: [{ name: VolumeBinding, weight: 4 }] }
- schedulerName: second
  percentageOfNodesToScore: 70
  pluginConfig:
  - name: VolumeBinding
    args: { shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }] }
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated, resources: [{ name: cpu, weight: 3 }, { name: memory }] } }
  - name: InterPodAffinity
    args: { hardPodAffinityWeight: 7, ignorePreferredTermsOfExistingPods: true }
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule }]
  - name: DefaultPreemption
    args: { minCandidateNodesPercentage: 20 }
`,
      scoring,
    );
    expect(profiles).toEqual([
      {
        schedulerName: 'default-scheduler',
        percentageOfNodesToScore: 30,
        plugins: { score: { enabled: [{ name: 'VolumeBinding', weight: 4 }], disabled: ['*'] } },
        arguments: { shape: defaultShape },
      },
      {
        schedulerName: 'second',
        percentageOfNodesToScore: 70,
        arguments: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 100, score: 10 },
          ],
          scoringStrategy: {
            type: 'MostAllocated',
            resources: [
              { name: 'cpu', weight: 3 },
              { name: 'memory', weight: 1 },
            ],
          },
          interPodAffinity: { hardPodAffinityWeight: 7, ignorePreferredTermsOfExistingPods: true },
          spread: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
          preemption: { minCandidatesPercentage: 20 },
        },
      },
    ]);
    expect(backoff).toEqual({ initialMs: 2000, maxMs: 20_000 });
    expect(idle.map(({ flag }) => flag)).toEqual([
      '--config: parallelism',
      '--config: enableProfiling',
      '--config: clientConnection.acceptContentTypes',
    ]);
  });

  const plugins = (text: string) => `profiles: [{ plugins: { ${text} } }]`;
  const args = (name: string, text: string) => `profiles: [{ pluginConfig: [{ name: ${name}, args: { ${text} } }] }]`;
  const at = 'profiles[0].pluginConfig[0].args';

  it.each([
    ['healthzBindAddress: 0.0.0.0:10251', 'healthzBindAddress is not supported'],
    ['extenders: [{ urlPrefix: x }]', 'extenders is not supported'],
    ['parallelism: 0', 'parallelism: Invalid value: 0: should be an integer value greater than zero'],
    ['percentageOfNodesToScore: 101', 'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]'],
    ['podInitialBackoffSeconds: 0', 'podInitialBackoffSeconds: Invalid value: 0: must be greater than 0'],
    [
      'podInitialBackoffSeconds: 11',
      'podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds',
    ],
    ['enableProfiling: maybe', 'enableProfiling: Invalid value: "maybe": must be true or false'],
    ['leaderElection: { leaderElekt: true }', 'leaderElection.leaderElekt is not supported'],
    ['profiles: [{}, {}]', 'profiles[0].schedulerName: Required value'],
    ['profiles: [{ schedulerName: a }, { schedulerName: a }]', 'profiles[1].schedulerName: Duplicate value: "a"'],
    ['profiles: [{ schedulerName: 7 }]', 'profiles[0].schedulerName: Invalid value: 7: must be a name'],
    ['profiles: 7', 'profiles must be a list'],
    [plugins('scores: {}'), 'profiles[0].plugins.scores is not supported'],
    [
      plugins('filter: { enabled: [{ name: Mine }] }'),
      'profiles[0].plugins.filter.enabled[0].name: Invalid value: "Mine": there is no such plugin',
    ],
    [
      plugins('filter: { disabled: [{ name: Mine }] }'),
      'profiles[0].plugins.filter.disabled[0].name: Invalid value: "Mine": there is no such plugin',
    ],
    [
      plugins('multiPoint: { enabled: [{ name: DynamicResources }] }'),
      'profiles[0].plugins.multiPoint.enabled[0]: plugin DynamicResources is not part of Stowage',
    ],
    [
      plugins('bind: { enabled: [{ name: NodeName }] }'),
      'profiles[0].plugins.bind.enabled[0].name: Invalid value: "NodeName": plugin "NodeName" does not extend bind plugin',
    ],
    [
      plugins('filter: { enabled: [{ name: NodeName }, { name: NodeName }] }'),
      'profiles[0].plugins.filter.enabled[1]: Duplicate value: "NodeName"',
    ],
    [
      plugins('score: { enabled: [{ name: NodeAffinity, weight: -1 }] }'),
      'profiles[0].plugins.score.enabled[0].weight: Invalid value: -1: not in valid range',
    ],
    [
      plugins("queueSort: { disabled: [{ name: '*' }] }"),
      'profiles[0].plugins.queueSort: Required value: PrioritySort',
    ],
    [plugins('multiPoint: { disabled: [{ name: DefaultBinder }] }'), 'profiles[0].plugins.bind: Required value'],
    [args('ImageLocality', ''), 'profiles[0].pluginConfig[0]: arguments of ImageLocality are not supported'],
    [
      'profiles: [{ pluginConfig: [{ name: NodeAffinity }, { name: NodeAffinity }] }]',
      'profiles[0].pluginConfig[1]: Duplicate value: "NodeAffinity"',
    ],
    [args('NodeAffinity', 'kind: VolumeBindingArgs'), `${at}.kind: Invalid value: "VolumeBindingArgs"`],
    [args('NodeAffinity', 'addedAffinity: {}'), `${at}.addedAffinity is not supported`],
    [
      args('VolumeBinding', 'bindTimeoutSeconds: -1'),
      `${at}.bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value`,
    ],
    [args('VolumeBinding', 'bindTimeoutSeconds: soon'), `${at}.bindTimeoutSeconds: Invalid value: "soon"`],
    [
      args('VolumeBinding', 'shape: [{ utilization: 5, score: 11 }]'),
      `${at}.shape[0].score: Invalid value: 11: not in valid range [0-10]`,
    ],
    [
      args('VolumeBinding', 'shape: [{ utilization: 5, score: 1 }, { utilization: 5, score: 2 }]'),
      `${at}.shape[1].utilization: Invalid value: 5: utilization values must be sorted in increasing order`,
    ],
    [
      args('NodeResourcesFit', 'scoringStrategy: { type: RequestedToCapacityRatio }'),
      `${at}.scoringStrategy.type RequestedToCapacityRatio is not supported`,
    ],
    [args('NodeResourcesFit', 'scoringStrategy: { type: Best }'), `${at}.scoringStrategy.type: Invalid value: "Best"`],
    [args('NodeResourcesFit', 'ignoredResources: [a]'), `${at}.ignoredResources is not supported`],
    [
      args('NodeResourcesFit', 'scoringStrategy: { resources: [{ name: cpu, weight: 101 }] }'),
      `${at}.scoringStrategy.resources[0].weight: Invalid value: 101: resource weight not in valid range [1-100]`,
    ],
    [args('NodeResourcesBalancedAllocation', 'resources: [{ name: cpu }]'), `${at}.resources: Invalid value`],
    [
      args('InterPodAffinity', 'hardPodAffinityWeight: 101'),
      `${at}.hardPodAffinityWeight: Invalid value: 101: not in valid range [0-100]`,
    ],
    [
      args('PodTopologySpread', 'defaultConstraints: [{ maxSkew: 1 }]'),
      `${at}.defaultingType: Invalid value: "System": when .defaultConstraints are specified, it must be "List"`,
    ],
    [
      args('PodTopologySpread', 'defaultingType: List, defaultConstraints: [{ maxSkew: 0 }]'),
      `${at}.defaultConstraints[0].maxSkew: Invalid value: 0: must be greater than zero`,
    ],
    [
      args('DefaultPreemption', 'minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0'),
      `${at}.minCandidateNodesPercentage: Invalid value: 0`,
    ],
  ])('is refused by the path of the field: %s', async (text, message) => {
    const parsing = parseSchedulerConfig(head + text, scoring);
    await expect(parsing).rejects.toThrow(UsageError);
    await expect(parsing).rejects.toThrow(`--config: ${message}`);
  });

  it.each([
    ['no configuration', ''],
    ['a profile without arguments', 'profiles: [{ schedulerName: mine }]'],
    ['an empty shape', args('VolumeBinding', 'shape: []')],
  ])('[H6] with the gate StorageCapacityScoring has the default shape for %s', async (_title, text) => {
    const config = await parseSchedulerConfig(head + text, scoring);
    expect(config.profiles.map((profile) => profile.arguments?.shape)).toEqual([defaultShape]);
    expect(defaultProfile(scoring).arguments?.shape).toEqual(defaultShape);
  });

  it.each(['[]', '[{ utilization: 5, score: 1 }]'])('[H6] without it the shape %s is refused', async (shape) => {
    const parsing = parseSchedulerConfig(head + args('VolumeBinding', `shape: ${shape}`));
    await expect(parsing).rejects.toThrow(
      'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring',
    );
    expect(defaultProfile(parseFeatureGates(kubernetesGates, '')).arguments).toEqual({});
  });

  it('is refused when it is something else', async () => {
    await expect(parseSchedulerConfig('kind: Pod')).rejects.toThrow('--config: the file must be');
    await expect(parseSchedulerConfig('a: [')).rejects.toThrow('--config: the file is not YAML');
  });
});
