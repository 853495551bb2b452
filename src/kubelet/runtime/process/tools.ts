/**
 * The few programs that run inside a container's root before its command: setpriv and a shell. They are copies that
 * are mounted read-only, with their own loader and libraries, so that they run in an image that has none, and so that
 * nothing a container or an image holds can take their place while they still have the host's privileges.
 */
import { basename, join } from 'node:path';
import { type Exec, type Fs, ifExists } from '../../../base/index.ts';
import { ContainerRuntimeError } from '../runtime.ts';

/** Where the tools show in every container. */
export const toolsMountPath = '/.stowage';

export interface ToolCommands {
  /** The words that start setpriv inside a container. */
  readonly setpriv: readonly string[];
  readonly shell: readonly string[];
}

export interface ToolsHost {
  readonly fs: Fs;
  readonly exec: Exec;
}

const sources = { setpriv: ['/usr/bin/setpriv', '/bin/setpriv'], shell: ['/bin/sh', '/usr/bin/sh'] } as const;

/** Listing libraries takes milliseconds. */
const traceTimeoutMs = 10_000;

/**
 * The loader of glibc reads this file wherever it runs, before anything else. In the copy the name is changed to one
 * that cannot exist, or a container could have its code loaded into setpriv.
 */
const preloadFile = '/etc/ld.so.preload';
const harmlessFile = `${toolsMountPath}/preload`;

async function findSource(fs: Fs, candidates: readonly string[]): Promise<string> {
  for (const path of candidates) if (await ifExists(fs.stat(path))) return path;
  throw new ContainerRuntimeError('Unavailable', `the process runtime needs ${candidates[0]}, which is missing`);
}

/** The loader named in the program's header; undefined for one that is linked statically. */
function interpreterOf(program: Buffer): string | undefined {
  const isElf64LittleEndian = program.length > 64 && program.readUInt32BE(0) === 0x7f454c46 && program[4] === 2;
  if (!isElf64LittleEndian) throw new ContainerRuntimeError('Unavailable', 'only 64-bit ELF programs are known');
  const tableOffset = Number(program.readBigUInt64LE(32));
  const entryBytes = program.readUInt16LE(54);
  const entryCount = program.readUInt16LE(56);
  const interpreterType = 3;
  for (let index = 0; index < entryCount; index++) {
    const at = tableOffset + index * entryBytes;
    if (program.readUInt32LE(at) !== interpreterType) continue;
    const offset = Number(program.readBigUInt64LE(at + 8));
    const bytes = Number(program.readBigUInt64LE(at + 32));
    return program.toString('utf8', offset, offset + bytes - 1);
  }
  return undefined;
}

/** Paths of the libraries that the loader would map, as it tells when this variable is set. */
async function librariesOf(host: ToolsHost, program: string): Promise<string[]> {
  const { stdout } = await host.exec.run(program, [], {
    timeoutMs: traceTimeoutMs,
    env: { LD_TRACE_LOADED_OBJECTS: '1', LC_ALL: 'C' },
  });
  return [...stdout.matchAll(/=> (\/\S+) \(/g)].map(([, path]) => path ?? '');
}

function withoutPreload(loader: Buffer): Buffer {
  const at = loader.indexOf(`${preloadFile}\0`);
  if (at >= 0) loader.write(harmlessFile.padEnd(preloadFile.length, '\0'), at, 'latin1');
  return loader;
}

/** Copies the tools into the directory, anew each time: the host's own may have been updated. */
export async function prepareTools(host: ToolsHost, directory: string): Promise<ToolCommands> {
  const { fs } = host;
  await fs.rm(directory, { recursive: true, force: true });
  await fs.mkdir(join(directory, 'lib'), { recursive: true, mode: 0o755 });
  const place = async (name: string, source: string): Promise<readonly string[]> => {
    const program = await fs.readFile(source);
    await fs.writeFile(join(directory, name), program, { mode: 0o755 });
    const interpreter = interpreterOf(program);
    if (interpreter === undefined) return [`${toolsMountPath}/${name}`];
    await fs.writeFile(join(directory, 'ld'), withoutPreload(await fs.readFile(interpreter)), { mode: 0o755 });
    for (const library of await librariesOf(host, source)) {
      await fs.writeFile(join(directory, 'lib', basename(library)), await fs.readFile(library), { mode: 0o755 });
    }
    return [`${toolsMountPath}/ld`, '--library-path', `${toolsMountPath}/lib`, `${toolsMountPath}/${name}`];
  };
  const setpriv = await place('setpriv', await findSource(fs, sources.setpriv));
  const shell = await place('sh', await findSource(fs, sources.shell));
  return { setpriv, shell };
}
