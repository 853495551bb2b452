import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Api, connectApi } from '../bench/api.ts';
import { Stowage } from './support/stowage.ts';

const path = '/api/v1/namespaces/default/configmaps';
const object = (name: string, bytes = 100) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { text: 'x'.repeat(bytes) },
});

/** Creates maps until the server is gone; the names of those it said yes to. */
async function createUntilGone(api: Api, lane: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let index = 0; ; index++) {
    const name = `map-${lane}-${index}`;
    try {
      const { status } = await api.call('POST', path, object(name));
      if (status === 201) acknowledged.push(name);
    } catch {
      // The connection broke: whether this one was written nobody was told.
      return acknowledged;
    }
  }
}

async function namesOf(api: Api): Promise<Set<string>> {
  const { items } = JSON.parse((await api.call('GET', path)).body);
  return new Set(items.map(({ metadata }: { metadata: { name: string } }) => metadata.name));
}

describe('crashes and full disks', () => {
  it('[rel-A2][rel-F-ST1] loses no acknowledged write when everything is killed under load', async () => {
    const directory = await Stowage.makeDirectory();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const stowage = await Stowage.start({ directory, args: ['--no-default-drivers'] });
      const api = connectApi(stowage.kubeconfig, 16);
      const known = await namesOf(api);
      expect(acknowledged.filter((name) => !known.has(name))).toEqual([]);
      const lanes = Array.from({ length: 16 }, (_, lane) => createUntilGone(api, round * 100 + lane));
      await new Promise((resolve) => {
        setTimeout(resolve, 700);
      });
      await stowage.stop('SIGKILL');
      const written = (await Promise.all(lanes)).flat();
      expect(written.length).toBeGreaterThan(0);
      acknowledged.push(...written);
      api.close();
    }
    await using stowage = await Stowage.start({ directory, args: ['--no-default-drivers'] });
    const api = connectApi(stowage.kubeconfig, 1);
    const known = await namesOf(api);
    expect(acknowledged.filter((name) => !known.has(name))).toEqual([]);
    api.close();
  });

  it('[rel-F-ST3] refuses writes while the disk is full, and writes again by itself when there is room', async () => {
    const directory = await Stowage.makeDirectory();
    const data = join(directory, 'data');
    mkdirSync(data);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', data]);
    const stowage = await Stowage.start({ directory, args: ['--no-default-drivers'] });
    try {
      const api = connectApi(stowage.kubeconfig, 1);
      expect((await api.call('POST', path, object('before'))).status).toBe(201);
      const ballast = join(data, 'ballast');
      try {
        writeFileSync(ballast, Buffer.alloc(80 * 2 ** 20));
      } catch {
        // ENOSPC: what is meant to happen.
      }
      let refusal = { status: 0, body: '' };
      for (let index = 0; index < 200 && refusal.status !== 507; index++) {
        refusal = await api.call('POST', path, object(`filler-${index}`, 200_000));
      }
      expect(refusal.status).toBe(507);
      expect(JSON.parse(refusal.body)).toMatchObject({ kind: 'Status', status: 'Failure' });
      expect((await api.call('GET', `${path}/before`)).status).toBe(200);
      rmSync(ballast);
      await expect
        .poll(async () => (await api.call('PUT', `${path}/before`, object('before', 50))).status, { timeout: 10_000 })
        .toBe(200);
      expect(stowage.child.exitCode).toBeNull();
      api.close();
    } finally {
      await stowage.stop();
      execFileSync('umount', [data]);
      await rm(directory, { recursive: true, force: true });
    }
  });
});
