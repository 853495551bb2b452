/** Real containers for tests: a runtime in a directory, shorthand for configurations, and a look at what is left. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { realClock, realFs, realRandom, silentLogger } from '../../../../base/index.ts';
import type { ContainerConfig, ContainerMount, ContainerRecord, ContainerRuntime } from '../../runtime.ts';
import { containerCapabilities } from '../capabilities.ts';
import { hostImage } from '../images.ts';
import { createProcessRuntime } from '../process-runtime.ts';

let serial = 0;

export interface CommandResult {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export class ContainerLab {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(join(directory, 'logs'), { recursive: true });
  }

  runtime(nodeName = 'n1'): Promise<ContainerRuntime> {
    return createProcessRuntime({
      fs: realFs,
      clock: realClock,
      random: realRandom,
      logger: silentLogger,
      nodeName,
      directory: join(this.directory, 'runtime'),
      imagesDir: join(this.directory, 'images'),
      maskedPaths: [this.directory],
    });
  }

  config(script: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
    const id = `c${serial++}`;
    const identity = { podUid: 'u1', podNamespace: 'default', podName: 'p', containerName: 'c' };
    return {
      id,
      identity: { ...identity, attempt: 0, specHash: 'x' },
      image: 'busybox',
      imageInfo: hostImage,
      args: ['sh', '-c', script],
      env: [{ name: 'PATH', value: '/usr/sbin:/usr/bin:/sbin:/bin' }],
      workingDir: '/',
      hostname: 'web-0',
      hostIpc: false,
      user: { uid: 0, gid: 0, supplementalGroups: [] },
      security: {
        privileged: false,
        capabilities: containerCapabilities({}),
        noNewPrivileges: false,
        readOnlyRootFilesystem: false,
      },
      mounts: [],
      devices: [],
      logPath: join(this.directory, 'logs', `${id}.log`),
      terminationLogPath: '',
      stdin: false,
      stdinOnce: false,
      tty: false,
      ...changes,
    };
  }

  volume(name: string, target: string, changes: Partial<ContainerMount> = {}): ContainerMount {
    const source = join(this.directory, 'pods', name);
    mkdirSync(source, { recursive: true });
    const options = { readOnly: false, recursiveReadOnly: false, propagation: 'private', verify: true } as const;
    return { source, target, ...options, ...changes };
  }

  /** What the container has printed, without the marks of the log's format. */
  output({ logPath }: ContainerConfig): string {
    const lines = readFileSync(logPath, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => line.split(' ').slice(3).join(' ')).join('\n');
  }

  /** Runs a container to its end. */
  async run(runtime: ContainerRuntime, config: ContainerConfig): Promise<{ record: ContainerRecord; out: string }> {
    await runtime.createAndStart(config);
    const record = await ended(runtime, config.id);
    return { record, out: this.output(config) };
  }

  /** Processes of this directory's shim. */
  shimPids(): number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`shim-main.ts\0${this.directory}`);
      } catch {
        // It ended while we looked.
        return false;
      }
    });
  }

  mounts(): string {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  }
}

export function ended(runtime: ContainerRuntime, id: string): Promise<ContainerRecord> {
  return new Promise((resolve) => {
    const look = (record: ContainerRecord) => {
      if (record.id === id && record.state === 'exited') resolve(record);
    };
    runtime.onChange(look);
    void runtime.list().then((records) => records.forEach(look));
  });
}

export async function removeAll(runtime: ContainerRuntime): Promise<void> {
  for (const { id } of await runtime.list()) {
    await runtime.stop(id, 0);
    await runtime.remove(id);
  }
}

export async function exec(runtime: ContainerRuntime, id: string, ...command: string[]): Promise<CommandResult> {
  const session = await runtime.exec(id, { command, stdin: false, tty: false });
  const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr), session.exitCode]);
  return { out, err, code };
}
