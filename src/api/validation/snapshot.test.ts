import { describe, expect, it } from 'vitest';
import {
  volumeSnapshotClasses as classes,
  volumeSnapshotContents as contents,
  volumeSnapshots as snapshots,
} from '../resources.ts';
import { type Json, prepared, problems, updateProblems } from './testing.ts';
import { validateUpdate } from './validate.ts';

type Type = typeof snapshots | typeof contents | typeof classes;

const policies = 'supported values: "Delete", "Retain"';
const unchecked =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const ofClaim = { persistentVolumeClaimName: 'data' };
const ofContent = { volumeSnapshotContentName: 'kept' };
const oneName =
  'spec.source: Invalid value: exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set';
const oneHandle = 'spec.source: Invalid value: exactly one of volumeHandle and snapshotHandle must be set';
const wholeRef =
  'spec.volumeSnapshotRef: Invalid value: both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set';

const snapshot = (source: Json, spec: Json = {}): Json => ({ spec: { source, ...spec } });
const content = (spec: Json): Json => ({
  spec: {
    driver: 'x.y',
    deletionPolicy: 'Delete',
    source: { volumeHandle: 'v' },
    volumeSnapshotRef: { name: 's', namespace: 'n' },
    ...spec,
  },
});

describe('the rules of snapshots', () => {
  it.each<[string, Type, Json, string[]]>([
    ['a snapshot of a claim', snapshots, snapshot(ofClaim), []],
    ['a snapshot of a content, with a class', snapshots, snapshot(ofContent, { volumeSnapshotClassName: 'c' }), []],
    ['a snapshot of nothing', snapshots, snapshot({}), [oneName]],
    ['a snapshot of both', snapshots, snapshot({ ...ofClaim, ...ofContent }), [oneName]],
    [
      'a snapshot whose class has no name',
      snapshots,
      snapshot(ofClaim, { volumeSnapshotClassName: '' }),
      [
        'spec.volumeSnapshotClassName: Invalid value: "": volumeSnapshotClassName must not be the empty string when set',
      ],
    ],
    ['a content of a volume', contents, content({}), []],
    ['a content of a snapshot', contents, content({ source: { snapshotHandle: 'h' }, deletionPolicy: 'Retain' }), []],
    ['a content of nothing', contents, content({ source: {} }), [oneHandle]],
    ['a content of both', contents, content({ source: { volumeHandle: 'v', snapshotHandle: 'h' } }), [oneHandle]],
    ['a content for no namespace', contents, content({ volumeSnapshotRef: { name: 's' } }), [wholeRef]],
    ['a content for nobody', contents, content({ volumeSnapshotRef: {}, source: {} }), [oneHandle, wholeRef]],
    [
      'a content with another policy',
      contents,
      content({ deletionPolicy: 'Recycle', source: {} }),
      [`spec.deletionPolicy: Unsupported value: "Recycle": ${policies}`, unchecked],
    ],
    [
      'a content with neither policy nor driver',
      contents,
      { spec: { source: {}, volumeSnapshotRef: {} } },
      ['spec.deletionPolicy: Required value', 'spec.driver: Required value', unchecked],
    ],
    ['a class', classes, { driver: 'x.y', deletionPolicy: 'Retain', parameters: { a: 'b' } }, []],
    ['a class of no driver', classes, { deletionPolicy: 'Delete' }, ['driver: Required value', unchecked]],
    ['a class without a policy', classes, { driver: 'x.y' }, ['deletionPolicy: Required value', unchecked]],
    [
      'a class with another policy',
      classes,
      { driver: 'x.y', deletionPolicy: 'Keep' },
      [`deletionPolicy: Unsupported value: "Keep": ${policies}`, unchecked],
    ],
  ])('[S1] of a new object: %s', (_, type, raw, expected) => {
    expect(problems(type, raw)).toEqual(expected);
  });

  it.each<[string, Type, Json, Json, string[]]>([
    ['another class', snapshots, snapshot(ofClaim), snapshot(ofClaim, { volumeSnapshotClassName: 'c' }), []],
    [
      'another claim',
      snapshots,
      snapshot(ofClaim),
      snapshot({ persistentVolumeClaimName: 'other' }),
      ['spec.source.persistentVolumeClaimName: Invalid value: "other": persistentVolumeClaimName is immutable'],
    ],
    [
      'another content',
      snapshots,
      snapshot(ofContent),
      snapshot({ volumeSnapshotContentName: 'other' }),
      ['spec.source.volumeSnapshotContentName: Invalid value: "other": volumeSnapshotContentName is immutable'],
    ],
    [
      'a content in place of the claim',
      snapshots,
      snapshot(ofClaim),
      snapshot(ofContent),
      ['spec.source: Invalid value: persistentVolumeClaimName is required once set'],
    ],
    [
      'another volume handle',
      contents,
      content({}),
      content({ source: { volumeHandle: 'w' } }),
      ['spec.source.volumeHandle: Invalid value: "w": volumeHandle is immutable'],
    ],
    [
      'another snapshot handle',
      contents,
      content({ source: { snapshotHandle: 'h' } }),
      content({ source: { snapshotHandle: 'i' } }),
      ['spec.source.snapshotHandle: Invalid value: "i": snapshotHandle is immutable'],
    ],
    [
      'a snapshot handle in place of that of a volume',
      contents,
      content({}),
      content({ source: { snapshotHandle: 'h' } }),
      ['spec.source: Invalid value: volumeHandle is required once set'],
    ],
    ['a first volume mode', contents, content({}), content({ sourceVolumeMode: 'Block' }), []],
    [
      'another volume mode',
      contents,
      content({ sourceVolumeMode: 'Filesystem' }),
      content({ sourceVolumeMode: 'Block' }),
      ['spec.sourceVolumeMode: Invalid value: "Block": sourceVolumeMode is immutable'],
    ],
    [
      'no volume mode any more',
      contents,
      content({ sourceVolumeMode: 'Filesystem' }),
      content({}),
      ['spec: Invalid value: sourceVolumeMode is required once set'],
    ],
    [
      'the uid, class and policy of a content',
      contents,
      content({}),
      content({
        volumeSnapshotRef: { name: 's', namespace: 'n', uid: 'u' },
        volumeSnapshotClassName: 'c',
        deletionPolicy: 'Retain',
      }),
      [],
    ],
    [
      'no policy any more',
      contents,
      content({}),
      content({ deletionPolicy: '' }),
      ['spec.deletionPolicy: Required value', unchecked],
    ],
  ])('[S1] of a change: %s', (_, type, before, after, expected) => {
    expect(updateProblems(type, before, after)).toEqual(expected);
  });

  it('[S1] of a status: the size is a quantity, kept as it was written', () => {
    const before = prepared(snapshots, snapshot(ofClaim));
    const sized = (restoreSize: string) => prepared(snapshots, { ...snapshot(ofClaim), status: { restoreSize } });
    expect(sized('5000000000')).toMatchObject({ status: { restoreSize: '5000000000' } });
    expect(validateUpdate(snapshots, sized('5000000000'), before, 'status')).toEqual([]);
    const [problem] = validateUpdate(snapshots, sized('big'), before, 'status');
    expect(problem?.field).toBe('status.restoreSize');
    expect(problem?.message).toMatch(/^Invalid value: "big": status\.restoreSize in body should match '\^\(/);
  });

  it('[S1] of a status: the size is not negative', () => {
    const problemsOf = (restoreSize: number) =>
      validateUpdate(
        contents,
        prepared(contents, { ...content({}), status: { restoreSize } }),
        prepared(contents, content({})),
        'status',
      );
    expect(problemsOf(0)).toEqual([]);
    expect(problemsOf(-1)).toMatchObject([
      {
        field: 'status.restoreSize',
        message: 'Invalid value: -1: status.restoreSize in body should be greater than or equal to 0',
      },
    ]);
  });
});
