import { describe, expect, it } from 'vitest';
import type { EndpointSubset, Pod, Service } from '../../api/index.ts';
import { subsetsOf, truncated } from './subsets.ts';

interface PodInput {
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly notReady?: boolean;
  readonly meta?: Partial<Pod['metadata']>;
  readonly spec?: Partial<Pod['spec']>;
  readonly phase?: string;
}

function pod(
  name: string,
  { ip = `10.0.0.${name}`, ips, notReady, meta, spec, phase = 'Running' }: PodInput = {},
): Pod {
  const conditions = [{ type: 'Ready', status: notReady ? 'False' : 'True' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: name, ...meta },
    spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }], nodeName: 'n1', ...spec },
    status: { phase, podIP: ip, conditions, ...(ips && { podIPs: ips.map((one) => ({ ip: one })) }) },
  } as never;
}

function service(spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  const ports = [{ name: 'web', port: 80, targetPort: 8080, protocol: 'TCP' }];
  return { metadata: { name: 'svc', namespace: 'ns' }, spec: { ports, clusterIP: 'None', ...spec } } as never;
}

/** `ready|not ready:ports`, addresses by the names of their pods. */
function told(subsets: readonly EndpointSubset[]): string[] {
  const names = (addresses: EndpointSubset['addresses']) => (addresses ?? []).map(({ targetRef }) => targetRef?.name);
  const ports = (one: EndpointSubset) => (one.ports ?? []).map(({ name, port }) => `${name}=${port}`);
  return subsets.map((one) => `${names(one.addresses)}|${names(one.notReadyAddresses)}:${ports(one)}`);
}

describe('subsetsOf', () => {
  it.each<[string, Service, readonly Pod[], string[]]>([
    ['no pods', service(), [], []],
    ['ready pods', service(), [pod('1'), pod('2')], ['1,2|:web=8080']],
    ['pods in the order of their addresses', service(), [pod('2'), pod('1')], ['1,2|:web=8080']],
    ['pods that are not ready', service(), [pod('1'), pod('2', { notReady: true })], ['1|2:web=8080']],
    [
      'pods that are to be published whatever they are',
      service({ publishNotReadyAddresses: true }),
      [pod('1', { notReady: true }), pod('2', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
      ['1,2|:web=8080'],
    ],
    ['pods that are going away', service(), [pod('1', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } })], []],
    ['pods without an address', service(), [pod('1', { ip: '' })], []],
    ['pods that have ended', service(), [pod('1', { phase: 'Succeeded' }), pod('2', { phase: 'Failed' })], []],
    ['a headless service without ports', service({ ports: [] }), [pod('1')], ['1|:']],
    ['another service without ports', service({ ports: [], clusterIP: '10.1.1.1' }), [pod('1')], []],
    [
      'two ports',
      service({
        ports: [
          { name: 'b', port: 2 },
          { name: 'a', port: 1 },
        ],
      }),
      [pod('1')],
      ['1|:a=1,b=2'],
    ],
    ['a named port', service({ ports: [{ name: 'web', port: 80, targetPort: 'http' }] }), [pod('1')], ['1|:web=8080']],
    [
      'a named port that differs from pod to pod',
      service({ ports: [{ name: 'web', port: 80, targetPort: 'http' }] }),
      [pod('1'), pod('2', { spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 9090 }] }] } })],
      ['1|:web=8080', '2|:web=9090'],
    ],
    [
      'a named port that a pod does not have',
      service({ ports: [{ name: 'web', port: 80, targetPort: 'admin' }] }),
      [pod('1')],
      [],
    ],
    [
      'a named port of another protocol',
      service({ ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'UDP' }] }),
      [pod('1')],
      [],
    ],
    [
      'a named port of a sidecar',
      service({ ports: [{ name: 'web', port: 80, targetPort: 'proxy' }] }),
      [
        pod('1', {
          spec: {
            initContainers: [{ name: 'i', restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15001 }] }],
          },
        }),
      ],
      ['1|:web=15001'],
    ],
    [
      'pods that share an address',
      service(),
      [pod('1', { ip: '10.9.9.9' }), pod('2', { ip: '10.9.9.9' })],
      ['1,2|:web=8080'],
    ],
    [
      'an IPv6 service',
      service({ ipFamilies: ['IPv6'] }),
      [pod('1', { ips: ['10.0.0.1', 'fd00::1'] }), pod('2')],
      ['1|:web=8080'],
    ],
  ])('[U1] tells of %s', (_, given, pods, expected) => {
    expect(told(subsetsOf(given, pods))).toEqual(expected);
  });

  it('[U1] names pods that the service governs, their nodes and themselves', () => {
    const governed = pod('1', { spec: { hostname: 'web-0', subdomain: 'svc' } });
    const [subset] = subsetsOf(service(), [governed, pod('2', { spec: { hostname: 'web-1', subdomain: 'other' } })]);
    expect(subset?.addresses).toEqual([
      {
        ip: '10.0.0.1',
        hostname: 'web-0',
        nodeName: 'n1',
        targetRef: { kind: 'Pod', namespace: 'ns', name: '1', uid: '1' },
      },
      { ip: '10.0.0.2', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: '2', uid: '2' } },
    ]);
  });
});

describe('truncated', () => {
  const addresses = (count: number) => Array.from({ length: count }, (_, index) => ({ ip: `10.0.${index}.1` }));

  it.each<[string, [number, number], [number, number], boolean]>([
    ['leaves a thousand', [600, 400], [600, 400], false],
    ['leaves out those that are not ready', [900, 400], [900, 100], true],
    ['leaves out all that are not ready', [1200, 400], [1000, 0], true],
  ])('[U1] %s', (_, [ready, notReady], [keptReady, keptNotReady], isTruncated) => {
    const result = truncated([{ addresses: addresses(ready), notReadyAddresses: addresses(notReady) }]);
    const [subset] = result.subsets;
    expect(subset?.addresses?.length ?? 0).toBe(keptReady);
    expect(subset?.notReadyAddresses?.length ?? 0).toBe(keptNotReady);
    expect(result.isTruncated).toBe(isTruncated);
  });
});
