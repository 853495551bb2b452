import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Draft,
  type EndpointSlice,
  endpointSlices,
  endpoints,
  isNotFound,
  nodes,
  pods,
  type Service,
  services,
  statefulSets,
} from '../../src/api/index.ts';
import {
  startEndpointSliceController,
  startEndpointsController,
  startGarbageCollector,
  startStatefulSetController,
} from '../../src/controllers/index.ts';
import { ControlPlane } from './support/control-plane.ts';
import { laggingClient, startOn } from './support/controllers.ts';
import { nodeDraft, podDraft } from './support/objects.ts';

const key = { namespace: 'default', name: 'web' };
const web = { app: 'web' };
const zone = 'topology.kubernetes.io/zone';

function serviceDraft(spec: Partial<Service['spec']> = {}): Draft<Service> {
  return {
    metadata: { ...key, labels: { team: 'red' } },
    spec: { clusterIP: 'None', selector: web, ports: [{ name: 'http', port: 80 }], ...spec },
  };
}

describe('endpoints of services', () => {
  let plane: ControlPlane;

  beforeEach(async () => {
    plane = await ControlPlane.start();
    await plane.client.create(nodes, nodeDraft('n1', { [zone]: 'a' }));
  });
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });

  const settle = () => plane.clock.settle();

  async function start(): Promise<void> {
    await startOn(plane, 'endpoint-controller', startEndpointsController);
    await startOn(plane, 'endpoint-slice-controller', startEndpointSliceController);
  }

  async function createService(spec?: Partial<Service['spec']>): Promise<void> {
    await plane.client.create(services, serviceDraft(spec));
    await settle();
  }

  /** A pod on n1 with an address, ready or not. */
  async function run(name: string, ip: string, ready = true, nodeName = 'n1'): Promise<void> {
    const { metadata, spec } = podDraft(name);
    await plane.client.create(pods, { metadata: { ...metadata, labels: web }, spec: { ...spec, nodeName } });
    await report(name, ip, ready);
  }

  async function report(name: string, ip: string, ready: boolean): Promise<void> {
    const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-02-03T04:05:06Z' };
    const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [condition] };
    await plane.client.patch(
      pods,
      { namespace: 'default', name },
      { type: 'strategic', body: { status } },
      { subresource: 'status' },
    );
    await settle();
  }

  const slices = async () => (await plane.client.list(endpointSlices)).items;

  /** `address ready|serving|terminating` of every endpoint. */
  function told(slice: EndpointSlice | undefined): string[] {
    return (slice?.endpoints ?? []).map(({ addresses, conditions = {} }) => {
      const flags = Object.entries(conditions).flatMap(([name, holds]) => (holds ? [name] : []));
      return `${addresses} ${flags.sort().join('|')}`;
    });
  }

  it('[U1] shows the pods of a headless service that are ready, and those that are not', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1');
    await run('b', '10.0.0.2', false);
    const { subsets, metadata } = await plane.client.get(endpoints, key);
    expect(subsets).toMatchObject([
      {
        addresses: [{ ip: '10.0.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', name: 'a', namespace: 'default' } }],
        notReadyAddresses: [{ ip: '10.0.0.2' }],
        ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      },
    ]);
    expect(metadata.labels).toEqual({
      team: 'red',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      'service.kubernetes.io/headless': '',
    });
    const [slice, ...more] = await slices();
    expect(more).toEqual([]);
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      metadata: {
        generateName: 'web-',
        labels: {
          team: 'red',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'service.kubernetes.io/headless': '',
        },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Service', name: 'web', controller: true, blockOwnerDeletion: true },
        ],
      },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    });
    expect(slice?.endpoints?.[0]).toMatchObject({ nodeName: 'n1', zone: 'a', targetRef: { kind: 'Pod', name: 'a' } });
    expect(told(slice)).toEqual(['10.0.0.1 ready|serving', '10.0.0.2 ']);
  });

  it('[U1] follows a pod from ready to going away to gone', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1');
    await run('b', '10.0.0.2', false);
    await report('b', '10.0.0.2', true);
    expect(told((await slices())[0])).toEqual(['10.0.0.1 ready|serving', '10.0.0.2 ready|serving']);
    await plane.client.delete(pods, { namespace: 'default', name: 'a' });
    await settle();
    expect(told((await slices())[0])).toEqual(['10.0.0.1 serving|terminating', '10.0.0.2 ready|serving']);
    expect((await plane.client.get(endpoints, key)).subsets?.[0]?.addresses).toMatchObject([{ ip: '10.0.0.2' }]);
    await plane.client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await settle();
    expect(told((await slices())[0])).toEqual(['10.0.0.2 ready|serving']);
  });

  it('[U1] says when the change happened that it tells of', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1');
    const name = 'endpoints.kubernetes.io/last-change-trigger-time';
    expect((await plane.client.get(endpoints, key)).metadata.annotations?.[name]).toBe('2026-02-03T04:05:06Z');
    expect((await slices())[0]?.metadata.annotations?.[name]).toBe('2026-02-03T04:05:06Z');
  });

  it('[U1] gives the pods of a StatefulSet their names', async () => {
    await start();
    await startOn(plane, 'statefulset-controller', startStatefulSetController);
    await createService({ ports: [] });
    await plane.client.create(statefulSets, {
      metadata: key,
      spec: {
        replicas: 2,
        serviceName: 'web',
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: web },
        template: {
          metadata: { labels: web } as never,
          spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox' }] },
        },
      },
    });
    await settle();
    await report('web-0', '10.0.0.1', true);
    await report('web-1', '10.0.0.2', true);
    const { subsets } = await plane.client.get(endpoints, key);
    expect(subsets?.[0]?.addresses).toMatchObject([{ hostname: 'web-0' }, { hostname: 'web-1' }]);
    const [slice] = await slices();
    expect(slice?.endpoints).toMatchObject([{ hostname: 'web-0' }, { hostname: 'web-1' }]);
  });

  it('[U1] leaves the endpoints of a service without a selector to their author', async () => {
    await start();
    await plane.client.create(endpoints, { metadata: key, subsets: [{ addresses: [{ ip: '192.0.2.1' }] }] });
    await plane.client.create(services, {
      metadata: key,
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
    });
    await run('a', '10.0.0.1');
    expect((await plane.client.get(endpoints, key)).subsets).toMatchObject([{ addresses: [{ ip: '192.0.2.1' }] }]);
    expect(await slices()).toEqual([]);
  });

  it('[U1] writes again what was deleted, and what others have changed in slices', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1');
    await plane.client.delete(endpoints, key);
    const [slice] = await slices();
    if (!slice) throw new Error('no slice');
    await plane.client.update(endpointSlices, { ...slice, endpoints: [] });
    await settle();
    expect((await plane.client.get(endpoints, key)).subsets).toHaveLength(1);
    expect(told((await slices())[0])).toEqual(['10.0.0.1 ready|serving']);
    await plane.client.delete(endpointSlices, slice.metadata);
    await settle();
    expect(told((await slices())[0])).toEqual(['10.0.0.1 ready|serving']);
  });

  it('[U1] takes the endpoints of a service away with it, also when it went unseen', async () => {
    await start();
    await startOn(plane, 'garbage-collector-controller', startGarbageCollector);
    await createService();
    await run('a', '10.0.0.1');
    await plane.client.delete(services, key);
    await plane.clock.advance(60_000);
    await expect(plane.client.get(endpoints, key)).rejects.toSatisfy(isNotFound);
    expect(await slices()).toEqual([]);
    await plane.client.create(endpoints, { metadata: { namespace: 'default', name: 'left' }, subsets: [] });
    await startOn(plane, 'later-endpoint-controller', startEndpointsController);
    await expect(plane.client.get(endpoints, { namespace: 'default', name: 'left' })).rejects.toSatisfy(isNotFound);
  });

  it('[U1] leaves a pod out of the slices until its node is known', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1', true, 'late');
    expect(told((await slices())[0])).toEqual([]);
    await plane.client.create(nodes, nodeDraft('late'));
    await settle();
    expect(told((await slices())[0])).toEqual(['10.0.0.1 ready|serving']);
  });

  it('[U1] makes one slice while the cache is behind its own writes', async () => {
    const lagging = laggingClient(plane.clientOf('slow'), 'EndpointSlice');
    await startOn(plane, 'endpoint-slice-controller', startEndpointSliceController, lagging.client);
    lagging.hold();
    await createService();
    await run('a', '10.0.0.1');
    await run('b', '10.0.0.2');
    expect(await slices()).toHaveLength(1);
    lagging.release();
    await settle();
    expect((await slices()).map(told)).toEqual([['10.0.0.1 ready|serving', '10.0.0.2 ready|serving']]);
  });

  it('[U1] writes nothing more when all is told', async () => {
    await start();
    await createService();
    await run('a', '10.0.0.1');
    const versions = async () => [
      (await plane.client.get(endpoints, key)).metadata.resourceVersion,
      ...(await slices()).map(({ metadata }) => metadata.resourceVersion),
    ];
    const before = await versions();
    await plane.client.patch(
      pods,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { annotations: { note: 'x' } } } },
    );
    await plane.clock.advance(600_000);
    expect(await versions()).toEqual(before);
  });
});
