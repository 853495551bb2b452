import type { VolumeHost } from '../volume-host.ts';

/** The first kernel whose tmpfs can be kept out of swap. */
const noSwapSince = [6, 4] as const;

/** `noswap` where the kernel has it: what is in memory volumes is not to reach a disk. */
export async function tmpfsSwapOptions(host: Pick<VolumeHost, 'fs'>): Promise<readonly string[]> {
  const release = await host.fs.readFile('/proc/sys/kernel/osrelease', 'utf8').catch(() => '0.0');
  return supportsNoSwap(release) ? ['noswap'] : [];
}

export function supportsNoSwap(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > noSwapSince[0] || (major === noSwapSince[0] && minor >= noSwapSince[1]);
}
