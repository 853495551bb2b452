import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice } from '../../api/index.ts';
import { decideSlices, type SliceDecision } from './decide-slices.ts';
import { portsKey } from './slice-endpoints.ts';

const http = { name: 'http', port: 80, protocol: 'TCP' };

function endpoint(name: string, ready = true): Endpoint {
  return {
    addresses: [`10.0.0.${name}`],
    conditions: { ready, serving: ready, terminating: false },
    targetRef: { kind: 'Pod', namespace: 'ns', name },
  };
}

function slice(name: string, endpoints: readonly Endpoint[], ports: EndpointSlice['ports'] = [http]): EndpointSlice {
  const metadata = { name, namespace: 'ns', uid: name };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints,
    ports,
  } as never;
}

interface Case {
  readonly existing?: readonly EndpointSlice[];
  /** Names of the pods wanted on port 80; `!` marks one that is not ready. */
  readonly desired: readonly string[];
  readonly mislabelled?: readonly string[];
  readonly expected: {
    readonly creates?: string[][];
    readonly updates?: Record<string, string[]>;
    readonly deletes?: string[];
  };
}

const names = (endpoints: readonly Endpoint[] | undefined) =>
  (endpoints ?? []).map(({ targetRef, conditions }) => `${targetRef?.name}${conditions?.ready ? '' : '!'}`);

function decide({ existing = [], desired, mislabelled = [] }: Case): SliceDecision {
  const endpoints = desired.map((name) => endpoint(name.replace('!', ''), !name.endsWith('!')));
  return decideSlices({
    addressType: 'IPv4',
    existing,
    groups: new Map(endpoints.length > 0 ? [[portsKey([http]), { ports: [http], endpoints }]] : []),
    isLabelled: ({ metadata }) => !mislabelled.includes(metadata.name),
    maxEndpoints: 3,
  });
}

const empty = slice('empty', [], []);
const cases: Record<string, Case> = {
  'a service without pods gets an empty slice': { desired: [], expected: { creates: [[]] } },
  'an empty slice stays': { existing: [empty], desired: [], expected: {} },
  'an empty slice is filled by the first pods': {
    existing: [empty],
    desired: ['1', '2'],
    expected: { updates: { empty: ['1', '2'] } },
  },
  'the last pods leave an empty slice': {
    existing: [slice('a', [endpoint('1')])],
    desired: [],
    expected: { updates: { a: [] } },
  },
  'of several slices one is left when the last pods go': {
    existing: [slice('a', [endpoint('1')]), slice('b', [endpoint('2')])],
    desired: [],
    expected: { updates: { b: [] }, deletes: ['a'] },
  },
  'pods are put into slices of bounded size': {
    desired: ['1', '2', '3', '4'],
    expected: { creates: [['1', '2', '3'], ['4']] },
  },
  'what is right is left alone': {
    existing: [slice('a', [endpoint('1'), endpoint('2')])],
    desired: ['2', '1'],
    expected: {},
  },
  'a pod that became unready is changed in place': {
    existing: [slice('a', [endpoint('1'), endpoint('2')]), slice('b', [endpoint('3')])],
    desired: ['1', '2!', '3'],
    expected: { updates: { a: ['1', '2!'] } },
  },
  'a new pod takes the place of one that went': {
    existing: [slice('a', [endpoint('1'), endpoint('2'), endpoint('3')]), slice('b', [endpoint('4')])],
    desired: ['1', '3', '4', '5'],
    expected: { updates: { a: ['1', '3', '5'] } },
  },
  'new pods go to the fullest slice that has room for all': {
    existing: [slice('a', [endpoint('1')]), slice('b', [endpoint('2'), endpoint('3')])],
    desired: ['1', '2', '3', '4'],
    expected: { updates: { b: ['2', '3', '4'] } },
  },
  'new pods that no slice has room for get another': {
    existing: [slice('a', [endpoint('1'), endpoint('2')])],
    desired: ['1', '2', '3', '4'],
    expected: { creates: [['3', '4']] },
  },
  'a slice of other ports is rewritten': {
    existing: [slice('a', [endpoint('1')], [{ ...http, port: 8080 }])],
    desired: ['1'],
    expected: { updates: { a: ['1'] } },
  },
  'a slice whose labels are wrong is rewritten': {
    existing: [slice('a', [endpoint('1')]), slice('b', [endpoint('2')])],
    desired: ['1', '2'],
    mislabelled: ['b'],
    expected: { updates: { b: ['2'] } },
  },
  'an empty slice whose labels are wrong is rewritten': {
    existing: [empty],
    desired: [],
    mislabelled: ['empty'],
    expected: { updates: { empty: [] } },
  },
  'an endpoint that is in two slices stays in one': {
    existing: [slice('a', [endpoint('1')]), slice('b', [endpoint('1')])],
    desired: ['1'],
    expected: { deletes: ['b'] },
  },
};

describe('decideSlices', () => {
  it.each(Object.entries(cases))('[U1] %s', (_, given) => {
    const { creates, updates, deletes } = decide(given);
    const { expected } = given;
    expect(creates.map(({ endpoints }) => names(endpoints))).toEqual(expected.creates ?? []);
    const written = updates.map((update) => [update.slice.metadata.name, names(update.content.endpoints)]);
    expect(Object.fromEntries(written)).toEqual(expected.updates ?? {});
    expect(deletes.map(({ metadata }) => metadata.name)).toEqual(expected.deletes ?? []);
  });
});
