/** The commands with which kubectl makes objects of its own, which it sends as protobuf, and those that change them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stowage } from './support/stowage.ts';

describe('kubectl create', () => {
  let stowage: Stowage;
  beforeAll(async () => {
    stowage = await Stowage.start({ args: ['--no-default-drivers'] });
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  const read = async (object: string, path: string) =>
    stowage.ok(['get', ...object.split(' '), '-o', `jsonpath=${path}`]);

  it.each([
    { create: ['namespace', 'made'], object: 'namespace made', path: '{.status.phase}', shows: 'Active' },
    {
      create: ['configmap', 'settings', '--from-literal=a=1', '--from-literal=b=zwölf'],
      object: 'configmap settings',
      path: '{.data}',
      shows: '{"a":"1","b":"zwölf"}',
    },
    {
      create: ['secret', 'generic', 'key', '--from-literal=password=pässword'],
      object: 'secret key',
      path: '{.type} {.data.password}',
      shows: `Opaque ${Buffer.from('pässword').toString('base64')}`,
    },
    { create: ['serviceaccount', 'robot'], object: 'serviceaccount robot', path: '{.metadata.name}', shows: 'robot' },
    {
      create: ['deployment', 'web', '--image=nginx', '--replicas=2', '--port=80'],
      object: 'deployment web',
      path: '{.spec.replicas} {.spec.selector} {.spec.template.spec.containers[0].ports}',
      shows: '2 {"matchLabels":{"app":"web"}} [{"containerPort":80,"protocol":"TCP"}]',
    },
    {
      create: ['job', 'once', '--image=busybox', '--', 'sleep', '1'],
      object: 'job once',
      path: '{.spec.template.spec.restartPolicy} {.spec.template.spec.containers[0].command}',
      shows: 'Never ["sleep","1"]',
    },
    {
      create: ['cronjob', 'nightly', '--image=busybox', '--schedule=0 3 * * *'],
      object: 'cronjob nightly',
      path: '{.spec.schedule} {.spec.jobTemplate.spec.template.spec.containers[0].image}',
      shows: '0 3 * * * busybox',
    },
    {
      create: ['quota', 'few', '--hard=requests.storage=5Gi,pods=0'],
      object: 'resourcequota few',
      path: '{.spec.hard}',
      shows: '{"pods":"0","requests.storage":"5Gi"}',
    },
    {
      create: ['role', 'reader', '--verb=get,list', '--resource=pods,persistentvolumeclaims'],
      object: 'role reader',
      path: '{.rules[0].verbs} {.rules[0].apiGroups} {.rules[0].resources}',
      shows: '["get","list"] [""] ["pods","persistentvolumeclaims"]',
    },
    {
      create: ['rolebinding', 'readers', '--role=reader', '--serviceaccount=default:robot'],
      object: 'rolebinding readers',
      path: '{.roleRef.name} {.subjects[0].namespace}/{.subjects[0].name}',
      shows: 'reader default/robot',
    },
    {
      create: ['priorityclass', 'zero', '--value=0', '--description=lowest'],
      object: 'priorityclass zero',
      path: '{.value} {.description}',
      shows: '0 lowest',
    },
    {
      create: ['poddisruptionbudget', 'half', '--selector=app=web', '--min-available=50%'],
      object: 'poddisruptionbudget half',
      path: '{.spec.minAvailable} {.spec.selector.matchLabels}',
      shows: '50% {"app":"web"}',
    },
    {
      create: ['poddisruptionbudget', 'one', '--selector=app=web', '--max-unavailable=1'],
      object: 'poddisruptionbudget one',
      path: '{.spec.maxUnavailable}',
      shows: '1',
    },
    {
      create: ['service', 'clusterip', 'web', '--tcp=80:http'],
      object: 'service web',
      path: '{.spec.ports[0].port} {.spec.ports[0].targetPort}',
      shows: '80 http',
    },
  ])('[A3] makes what $create.0 $create.1 names', async ({ create, object, path, shows }) => {
    await stowage.ok(['create', ...create]);
    expect(await read(object, path)).toBe(shows);
  });

  it('[A3] makes nothing in a dry run, and refuses what is there', async () => {
    expect(await stowage.ok('create configmap dry --from-literal=a=1 --dry-run=server')).toContain('(server dry run)');
    expect((await stowage.kubectl('get configmap dry')).code).toBe(1);
    const again = await stowage.kubectl('create namespace made');
    expect(again.stderr).toBe('Error from server (AlreadyExists): namespaces "made" already exists\n');
  });

  it('[A3] refuses what is not valid with the message that JSON would get', async () => {
    const answer = await stowage.kubectl('create configmap Upper');
    expect(answer.stderr).toContain('ConfigMap "Upper" is invalid: metadata.name: Invalid value: "Upper"');
  });

  it('[A3] answers who one is and what one may do', async () => {
    expect(await stowage.ok('auth whoami -o jsonpath={.status.userInfo.groups[0]}')).toBe('system:masters');
    expect(await stowage.ok('auth can-i delete persistentvolumes')).toBe('yes\n');
    expect(await stowage.ok('create token robot')).toMatch(/^\S+\.\S+\.\S+$/);
  });

  it('scales, cordons, labels, annotates and deletes', async () => {
    await stowage.ok('scale deployment web --replicas=0');
    expect(await read('deployment web', '{.spec.replicas}')).toBe('0');
    await stowage.ok('cordon node-0');
    expect(await read('node node-0', '{.spec.unschedulable}')).toBe('true');
    await stowage.ok('uncordon node-0');
    expect(await read('node node-0', '{.spec.unschedulable}')).toBe('');
    await stowage.ok('label configmap settings tier=gold');
    await stowage.ok('annotate configmap settings note=kept');
    expect(await read('configmap settings', '{.metadata.labels.tier} {.metadata.annotations.note}')).toBe('gold kept');
    await stowage.ok('delete configmap settings');
    await stowage.ok('delete deployment web --cascade=foreground');
    await stowage.ok('delete namespace made');
    expect((await stowage.kubectl('get configmap settings')).code).toBe(1);
    expect((await stowage.kubectl('get deployment web')).code).toBe(1);
    expect((await stowage.kubectl('get namespace made')).code).toBe(1);
  });
});
