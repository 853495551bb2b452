import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectApi } from '../bench/api.ts';
import { Stowage } from './support/stowage.ts';

const writes = 40;
const path = '/api/v1/namespaces/default/configmaps';

/** A shorter TLS record is an alert or a ticket. */
const shortestAnswerBytes = 100;

interface Call {
  readonly name: string;
  readonly isAnswer: boolean;
  /** Line numbers of its start and its end in the trace. */
  readonly start: number;
  readonly end: number;
}

/** The calls of a trace in the order of their ends; a call that another thread interrupts is put together again. */
function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { text: string; start: number }>();
  const add = (whole: string, start: number, end: number) => {
    const name = /^(\w+)\(/.exec(whole)?.[1];
    if (!name) return;
    const bytes = Number(/= (\d+)$/.exec(whole)?.[1]);
    const isRecord = name.startsWith('write') && whole.includes('"\\27\\3\\3');
    calls.push({ name, isAnswer: isRecord && bytes > shortestAnswerBytes, start, end });
  };
  text.split('\n').forEach((line, index) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (rest.endsWith('<unfinished ...>')) open.set(pid, { text: rest.replace(' <unfinished ...>', ''), start: index });
    else if (resumed) {
      const call = open.get(pid);
      if (call) add(call.text + resumed[1], call.start, index);
    } else add(rest, index, index);
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
    const answers = calls.filter(({ isAnswer }) => isAnswer).slice(-writes);
    expect(answers).toHaveLength(writes);
    const syncs = calls.filter(({ name }) => name === 'fsync' || name === 'fdatasync');
    for (const [index, answer] of answers.entries()) {
      const since = answers[index - 1]?.end ?? 0;
      const synced = syncs.some(({ start, end }) => start > since && end < answer.start);
      expect(synced, `answer ${index} left without a sync since the one before`).toBe(true);
    }
  });
});
