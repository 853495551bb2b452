import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { golden, mask, tableRows } from './support/golden.ts';
import { Stowage } from './support/stowage.ts';

const manifest = readFileSync(join(import.meta.dirname, '..', 'golden', 'manifest.yaml'), 'utf8');

/** What the runtime and the release say of themselves, in both outputs. */
function neutral(text: string): string {
  return (
    mask(text)
      .replace(/(Container ID:\s+|containerID: ).*/g, '$1CONTAINER')
      .replace(/(Image ID:\s+|imageID: ).*/g, '$1IMAGE')
      .replace(/hostpath\.csi\.k8s\.io_\S+_UID/g, 'PROVISIONER')
      .replace(/(volumeHandle: |VolumeHandle: +)\S+/g, '$1HANDLE')
      .replace(/\bv(0\.0\.0-master\+\$Format:%H\$|1\.36\.0\S*)/g, 'VERSION')
      // The recorded cluster ran without the admission plugin that names the account.
      .replace(/^ *(Service Account: +default|serviceAccount(Name)?: default)\n/gm, '')
      .replace(/ +$/gm, '')
  );
}

/** A table of events, without times and counts, in any order. */
function eventLines(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) =>
      neutral(line)
        .replace(/^\S+( \(x\d+ over \S+\))? +/, '')
        .replace(/ {2,}/g, '|'),
    )
    .filter((line) => line !== '')
    .sort();
}

describe('what kubectl prints', () => {
  let stowage: Stowage;
  const names = new Map<string, string>();

  beforeAll(async () => {
    stowage = await Stowage.start();
    await stowage.ok('create namespace golden');
    await stowage.ok(['-n', 'golden', 'apply', '-f', '-'], manifest);
    await stowage.until('-n golden get pods', (out) => (out.match(/1\/1\s+Running/g) ?? []).length === 2);
    await stowage.until('-n golden get pvc static', (out) => out.includes('Bound'));
    const volume = await stowage.ok('-n golden get pvc disk-web-0 -o jsonpath={.spec.volumeName}');
    names.set('pvc-e2229df8-9af0-481f-a2a2-bfd7bb675254', volume);
    const attachment = await stowage.ok([
      'get',
      'volumeattachments',
      '-o',
      `jsonpath={.items[?(@.spec.source.persistentVolumeName=="${volume}")].metadata.name}`,
    ]);
    names.set('csi-6ad5ee2479844d4c0fb39463517a63a931ccf65a83ea95a577d8c9f6bfb8a863', attachment);
    names.set('n1', 'node-0');
  });
  afterAll(async () => {
    await stowage?.[Symbol.asyncDispose]();
  });

  /** The words of a recorded command with the names of this run. */
  function argsOf(name: string): string[] {
    return golden(name).args.map((word) => {
      for (const [recorded, ours] of names) {
        if (word === recorded || word === `volumeattachment.storage.k8s.io/${recorded}`)
          return word.replace(recorded, ours);
      }
      return word;
    });
  }

  it.each([
    'get-pods-wide',
    'get-pvc-wide',
    'get-statefulset',
    'get-nodes',
    'get-csinodes',
    'get-csidrivers',
    'get-volumeattachments',
  ])('[V1] %s has the same columns and rows', async (name) => {
    const printed = tableRows(neutral(await stowage.ok(argsOf(name))));
    expect(printed.sort()).toEqual(tableRows(neutral(golden(name).output)).sort());
  });

  it.each(['get-pv-wide', 'get-sc'])('[V1] %s has the same columns and the recorded rows among ours', async (name) => {
    const printed = tableRows(neutral(await stowage.ok(argsOf(name))));
    const recorded = tableRows(neutral(golden(name).output)).filter(([first]) => first !== 'hp');
    for (const row of recorded) expect(printed).toContainEqual(row);
  });

  it('[V3][W10] get-events tells the same story', async () => {
    const printed = new Set(eventLines(await stowage.ok(argsOf('get-events'))));
    for (const line of eventLines(golden('get-events').output)) expect([...printed]).toContain(line);
  });

  it.each(['describe-pv-dynamic', 'describe-pv-static', 'describe-sc', 'describe-csinode', 'describe-va'])(
    '[V2] %s prints the same',
    async (name) => {
      expect(neutral(await stowage.ok(argsOf(name))).trimEnd()).toBe(neutral(golden(name).output).trimEnd());
    },
  );

  it.each(['describe-pod', 'describe-pvc-bound', 'describe-pvc-stuck', 'describe-pvc-waiting'])(
    '[V2] %s prints the same above its events',
    async (name) => {
      const head = (text: string) =>
        neutral(text)
          .replace(/^Events:[\s\S]*/m, '')
          .replace(/ {2,}/g, '  ')
          .trimEnd();
      expect(head(await stowage.ok(argsOf(name)))).toBe(head(golden(name).output));
    },
  );

  it.each([
    'yaml-pv-dynamic',
    'yaml-pv-golden-static',
    'yaml-pvc-disk-web-0',
    'yaml-sc-golden-wait',
    'yaml-statefulset-web',
    'yaml-volumeattachment',
    'yaml-csinode-n1',
    'yaml-pod-web-0',
  ])('[A6][A7] %s has the same fields', async (name) => {
    expect(neutral(await stowage.ok(argsOf(name))).trimEnd()).toBe(neutral(golden(name).output).trimEnd());
  });

  it('[U2] follows logs, and runs commands with and without a terminal', async () => {
    await stowage.ok(['-n', 'golden', 'exec', 'web-0', '--', 'sh', '-c', 'echo to-the-log > /proc/1/fd/1']);
    expect(await stowage.until('-n golden logs web-0', (out) => out !== '')).toContain('to-the-log');
    expect(await stowage.ok(['-n', 'golden', 'exec', '-i', 'web-0', '--', 'cat'], 'through stdin')).toBe(
      'through stdin',
    );
    const failed = await stowage.kubectl(['-n', 'golden', 'exec', 'web-0', '--', 'sh', '-c', 'exit 7']);
    expect(failed.code).toBe(7);
    const asTerminal = `kubectl -n golden exec -it web-0 -- sh -c 'test -t 0 && test -t 1 && echo a terminal; exit 3'`;
    const shown = await stowage.inTerminal(asTerminal);
    expect(shown.stdout).toContain('a terminal');
    expect(shown.code).toBe(3);
    const terminal = await stowage.kubectl([
      '-n',
      'golden',
      'exec',
      'web-0',
      '--',
      'sh',
      '-c',
      'echo err >&2; hostname',
    ]);
    expect([terminal.stdout, terminal.stderr]).toEqual(['web-0\n', 'err\n']);
  });

  it('[A18] refuses to grow a claim whose class does not allow it', async () => {
    const { args, output, exitCode } = golden('patch-expand-refused');
    const answer = await stowage.kubectl(args);
    expect((answer.stdout + answer.stderr).trimEnd()).toBe(output);
    expect(answer.code).toBe(exitCode);
  });

  it('[V3] shows each phase of a claim with get -w, and new lines with logs -f', async () => {
    const watching = stowage.kubectl(['get', 'pvc', '-n', 'golden', '-w', '--request-timeout=3s']);
    const container = {
      name: 'main',
      image: 'busybox',
      command: ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.3; done'],
    };
    const talker = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talker' },
      spec: { restartPolicy: 'Never', containers: [container] },
    };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'watched' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        resources: { requests: { storage: '16Mi' } },
      },
    };
    await stowage.ok(
      ['-n', 'golden', 'apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [talker, claim] }),
    );
    const followed = await stowage.until('-n golden logs -f talker', (out) => out !== '');
    expect(followed).toBe('line 1\nline 2\nline 3\n');
    const lines = (await watching).stdout.split('\n').filter((line) => line.startsWith('watched'));
    expect(lines[0]).toMatch(/^watched +Pending/);
    expect(lines.at(-1)).toMatch(/^watched +Bound +pvc-/);
    await stowage.ok('-n golden delete pod/talker pvc/watched');
  });

  it('[V3] explains and scales', async () => {
    const explained = await stowage.ok(golden('explain-pvc-spec').args);
    const head = (text: string) => text.slice(0, text.indexOf('DESCRIPTION:'));
    expect(head(explained)).toBe(head(golden('explain-pvc-spec').output));
    expect((await stowage.ok(golden('scale').args)).trimEnd()).toBe(golden('scale').output);
    await stowage.until('-n golden get pods --no-headers', (out) => out.trimEnd().split('\n').length === 1);
  });
});
