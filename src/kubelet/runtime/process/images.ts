/**
 * Images on this machine. One that was loaded lies unpacked in `<imagesDir>/<name>`: its root in `rootfs`, its OCI
 * configuration in `config.json`. Any other name stands for the host's own root file system.
 */
import { join } from 'node:path';
import { type Fs, ifExists } from '../../../base/index.ts';
import { ContainerRuntimeError, type ImageInfo } from '../runtime.ts';

interface ImageConfig {
  readonly id?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
}

/** The image's directory: its reference with everything escaped that a path could misread. */
export function imageDirectory(imagesDir: string, reference: string): string {
  return join(imagesDir, encodeURIComponent(reference).replaceAll('.', '%2E'));
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The host's root as an image: it says nothing about a command. */
export const hostImage: ImageInfo = {
  id: 'host-root',
  rootDir: '/',
  entrypoint: [],
  command: [],
  env: [],
  workingDir: '',
  uid: undefined,
  gid: undefined,
};

export async function findLoadedImage(fs: Fs, imagesDir: string, reference: string): Promise<ImageInfo> {
  const directory = imageDirectory(imagesDir, reference);
  const text = await ifExists(fs.readFile(join(directory, 'config.json'), 'utf8'));
  if (text === undefined) return hostImage;
  let config: ImageConfig;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new ContainerRuntimeError(
      'ImageUnusable',
      `the configuration of image ${JSON.stringify(reference)} cannot be read`,
      { cause },
    );
  }
  const [user, group] = (config.User ?? '').split(':');
  return {
    id: config.id ?? reference,
    rootDir: join(directory, 'rootfs'),
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    env: (config.Env ?? []).map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? { name: pair, value: '' } : { name: pair.slice(0, at), value: pair.slice(at + 1) };
    }),
    workingDir: config.WorkingDir ?? '',
    uid: numberOf(user),
    gid: numberOf(group),
  };
}
