import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realFs, realRandom, VirtualClock } from '../../base/index.ts';
import { Pki } from './pki.ts';

let directory: string;
let clock: VirtualClock;
const server = { commonName: 'server', hosts: ['localhost', '127.0.0.1', '::1', 'a.example.com'] };
const user = { commonName: 'bob', organizations: ['staff', 'system:masters'] };
const year = 365 * 24 * 60 * 60 * 1000;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'stowage-pki-')), 'pki');
  clock = new VirtualClock();
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

const open = () => Pki.open({ fs: realFs, clock, random: realRandom, directory });

describe('the keys of a server', () => {
  it('are made once, and read by their owner only', async () => {
    const first = await open();
    const second = await open();
    expect(second.authority).toEqual(first.authority);
    expect(second.tokenKey).toBe(first.tokenKey);
    expect(statSync(join(directory, 'ca.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'sa.key')).mode & 0o777).toBe(0o600);
  });

  it('certify servers by their hosts and clients by user and groups', async () => {
    const pki = await open();
    const authority = new X509Certificate(pki.authority.certificate);
    const forServer = new X509Certificate((await pki.issue('server', server)).certificate);
    expect(forServer.verify(authority.publicKey)).toBe(true);
    expect(forServer.checkHost('a.example.com')).toBe('a.example.com');
    expect(forServer.checkIP('::1')).toBe('::1');
    expect(forServer.checkHost('b.example.com')).toBeUndefined();
    const forUser = new X509Certificate((await pki.issue('bob', user)).certificate);
    expect(forUser.subject.split('\n').sort()).toEqual(['CN=bob', 'O=staff', 'O=system:masters']);
    expect(forUser.ca).toBe(false);
  });

  it('are issued anew only when they no longer fit', async () => {
    const pki = await open();
    const first = await pki.issue('server', server);
    expect(await (await open()).issue('server', server)).toEqual(first);
    expect(await pki.issue('server', { ...server, hosts: ['localhost'] })).toEqual(first);
    const wider = await pki.issue('server', { ...server, hosts: [...server.hosts, 'b.example.com'] });
    expect(wider.certificate).not.toBe(first.certificate);
    await clock.advance(10 * year - 1_000_000);
    const renewed = await pki.issue('server', server);
    expect(Date.parse(new X509Certificate(renewed.certificate).validTo)).toBeGreaterThan(clock.now() + year);
  });
});
