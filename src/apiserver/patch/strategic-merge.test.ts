import { describe, expect, it } from 'vitest';
import { ApiStatusError, persistentVolumeClaims, pods, type ResourceType } from '../../api/index.ts';
import { applyStrategicMergePatch } from './strategic-merge.ts';

const merge = (original: object, patch: object, type: ResourceType = pods) =>
  applyStrategicMergePatch(type, original, patch as Record<string, unknown>);
const containers = (...list: object[]) => ({ spec: { containers: list } });

interface Case {
  readonly title: string;
  readonly original: object;
  readonly patch: object;
  readonly expected: object;
}

const cases: readonly Case[] = [
  {
    title: 'merges objects and removes what is null',
    original: { metadata: { labels: { a: '1', b: '2' } } },
    patch: { metadata: { labels: { b: null, c: '3' } } },
    expected: { metadata: { labels: { a: '1', c: '3' } } },
  },
  {
    title: 'merges the items of a list by their key',
    original: containers({ name: 'a', image: '1' }, { name: 'b', image: '2' }),
    patch: containers({ name: 'b', image: '3' }),
    expected: containers({ name: 'a', image: '1' }, { name: 'b', image: '3' }),
  },
  {
    title: 'puts items that are new before those it does not name',
    original: containers({ name: 'a' }, { name: 'b' }),
    patch: containers({ name: 'c' }),
    expected: containers({ name: 'c' }, { name: 'a' }, { name: 'b' }),
  },
  {
    title: 'deletes an item by its key',
    original: containers({ name: 'a' }, { name: 'b' }),
    patch: containers({ name: 'a', $patch: 'delete' }),
    expected: containers({ name: 'b' }),
  },
  {
    title: 'replaces a keyed list when told to',
    original: containers({ name: 'a' }, { name: 'b' }),
    patch: containers({ name: 'c' }, { $patch: 'replace' }),
    expected: containers({ name: 'c' }),
  },
  {
    title: 'replaces a list without a key',
    original: { spec: { tolerations: [{ key: 'a' }] } },
    patch: { spec: { tolerations: [{ key: 'b' }] } },
    expected: { spec: { tolerations: [{ key: 'b' }] } },
  },
  {
    title: 'replaces an object when told to',
    original: { spec: { securityContext: { runAsUser: 1, fsGroup: 2 } } },
    patch: { spec: { securityContext: { $patch: 'replace', runAsUser: 3 } } },
    expected: { spec: { securityContext: { runAsUser: 3 } } },
  },
  {
    title: 'empties an object when told to',
    original: { spec: { securityContext: { runAsUser: 1 } } },
    patch: { spec: { securityContext: { $patch: 'delete' } } },
    expected: { spec: { securityContext: {} } },
  },
  {
    title: 'unites a set of scalars',
    original: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { finalizers: ['c'] } },
    expected: { metadata: { finalizers: ['c', 'a', 'b'] } },
  },
  {
    title: 'takes members out of a set',
    original: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    expected: { metadata: { finalizers: ['b'] } },
  },
  {
    title: 'keeps only what it retains',
    original: { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
    patch: { spec: { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] } },
    expected: { spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } },
  },
  {
    title: 'orders items as it says',
    original: containers({ name: 'a' }, { name: 'b' }, { name: 'c' }),
    patch: {
      spec: {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
        containers: [{ name: 'a', image: 'x' }],
      },
    },
    expected: containers({ name: 'b' }, { name: 'c' }, { name: 'a', image: 'x' }),
  },
  {
    title: 'orders items that it does not change',
    original: containers({ name: 'a' }, { name: 'b' }),
    patch: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
    expected: containers({ name: 'b' }, { name: 'a' }),
  },
  {
    title: 'drops directives where there is nothing to act on',
    original: {},
    patch: { spec: { securityContext: { $patch: 'replace', runAsUser: null, fsGroup: 1 } } },
    expected: { spec: { securityContext: { fsGroup: 1 } } },
  },
];

describe('[A4] strategic merge patch', () => {
  it.each(cases)('$title', ({ original, patch, expected }) => {
    const before = structuredClone(original);
    expect(merge(original, patch)).toEqual(expected);
    expect(original).toEqual(before);
  });

  it('merges conditions by their type', () => {
    const original = { status: { conditions: [{ type: 'Resizing', status: 'True' }] } };
    const conditions = [
      { type: 'FileSystemResizePending', status: 'True' },
      { type: 'Resizing', $patch: 'delete' },
    ];
    expect(merge(original, { status: { conditions } }, persistentVolumeClaims)).toEqual({
      status: { conditions: [{ type: 'FileSystemResizePending', status: 'True' }] },
    });
  });

  it('[rel-X10] refuses directives that make no sense', () => {
    const refused = (patch: object) => {
      try {
        merge(containers({ name: 'a' }), patch);
      } catch (thrown) {
        return thrown instanceof ApiStatusError ? thrown.message : 'another error';
      }
      return 'nothing';
    };
    expect(refused(containers({ image: 'x' }))).toContain('does not contain declared merge key: name');
    expect(refused({ spec: { $patch: 'explode' } })).toBe('unknown patch type found: explode');
    expect(refused({ spec: { $retainKeys: ['a'], nodeName: 'n' } })).toContain('$retainKeys should contain all keys');
    expect(refused({ spec: { $retainKeys: 'a' } })).toContain('a list is expected');
    const badOrder = { '$setElementOrder/containers': {}, containers: [{ name: 'a' }] };
    expect(refused({ spec: badOrder })).toContain('must be a list');
  });

  it('keeps keys that only look like directives', () => {
    const data = { data: { $ref: 'x', $patchy: 'y' } };
    expect(merge({}, data)).toEqual(data);
  });

  it('is not for kinds without a table', () => {
    const custom = { ...pods, group: 'example.com', kind: 'Thing' };
    expect(() => merge({}, {}, custom)).toThrowError(/the body of the request was in an unknown format/);
  });
});
