import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectApi } from '../bench/api.ts';
import { Stowage } from './support/stowage.ts';

const writes = 40;
const path = '/api/v1/namespaces/default/configmaps';

interface Call {
  readonly name: string;
  readonly fd: number;
  /** Line numbers of its start and its end in the trace. */
  readonly start: number;
  readonly end: number;
}

/** The calls of a trace in the order of their ends; a call that another thread interrupts is put together again. */
function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { name: string; fd: number; start: number }>();
  text.split('\n').forEach((line, index) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const begin = /^(\w+)\((\d+)/.exec(rest);
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest);
    if (begin?.[1] && rest.endsWith('<unfinished ...>'))
      open.set(pid, { name: begin[1], fd: Number(begin[2]), start: index });
    else if (begin?.[1]) calls.push({ name: begin[1], fd: Number(begin[2]), start: index, end: index });
    else if (resumed) {
      const call = open.get(pid);
      if (call) calls.push({ ...call, end: index });
    }
  });
  return calls;
}

describe('durability', () => {
  it('[rel-A2] answers a write only after its commit was synced to the disk', async () => {
    const directory = await Stowage.makeDirectory();
    const trace = join(directory, 'trace');
    const wrapper = ['strace', '-f', '-e', 'trace=fsync,fdatasync,write,writev', '-e', 'signal=none', '-o', trace];
    await using stowage = await Stowage.start({ directory, args: ['--no-default-drivers'], wrapper });
    const api = connectApi(stowage.kubeconfig, 1);
    await api.call('GET', '/api');
    for (let index = 0; index < writes; index++) {
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `map-${index}` },
        data: { marker: `MARK-${index}` },
      };
      expect((await api.call('POST', path, object)).status).toBe(201);
    }
    api.close();
    await stowage.stop();
    const calls = parseTrace(readFileSync(trace, 'utf8'));
    const socket = busiestSocket(calls);
    const answers = calls.filter(({ name, fd }) => name.startsWith('write') && fd === socket).slice(-writes);
    expect(answers).toHaveLength(writes);
    const syncs = calls.filter(({ name }) => name === 'fsync' || name === 'fdatasync');
    for (const [index, answer] of answers.entries()) {
      const since = answers[index - 1]?.end ?? 0;
      const synced = syncs.some(({ start, end }) => start > since && end < answer.start);
      expect(synced, `answer ${index} left without a sync since the one before`).toBe(true);
    }
  });
});

/** The one connection that everything was sent over: the descriptor with the most writes above standard error. */
function busiestSocket(calls: readonly Call[]): number {
  const counts = new Map<number, number>();
  for (const { name, fd } of calls) if (name.startsWith('write') && fd > 2) counts.set(fd, (counts.get(fd) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? -1;
}
