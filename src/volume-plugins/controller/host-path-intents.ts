/**
 * Which directories are being made for claims: one file each, named by the claim's uid, from before the directory is
 * made until the volume's object tells of it. Several clusters of a machine may share them, so that what is undone is
 * never more than an empty directory.
 */
import { join } from 'node:path';
import { errnoOf, ifExists, writeFileDurably } from '../../base/index.ts';
import type { ControllerPluginHost, ProvisioningIntent, ProvisioningIntents } from './controller-plugin.ts';

const intentsDirectory = '.provisioning';
const uidPattern = /^[0-9a-f-]{36}$/;
/** What a directory says that holds something, or is none. */
const kept: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY']);

const intentPath = (root: string, claimUid: string) => join(root, intentsDirectory, claimUid);

/** An intent that is there already keeps its time: the storage may be as old. */
export async function noteIntent({ fs, clock }: ControllerPluginHost, root: string, claimUid: string): Promise<void> {
  const path = intentPath(root, claimUid);
  if ((await clock.boundary(ifExists(fs.lstat(path)))) !== undefined) return;
  await clock.boundary(fs.mkdir(join(root, intentsDirectory), { recursive: true, mode: 0o750 }));
  await clock.boundary(writeFileDurably(fs, path, String(clock.now())));
}

export function hostPathIntents({ fs, clock }: ControllerPluginHost, root: string): ProvisioningIntents {
  const forget = async (claimUid: string) => {
    await clock.boundary(ifExists(fs.unlink(intentPath(root, claimUid))));
  };
  return {
    list: async () => {
      const names = (await clock.boundary(ifExists(fs.readdir(join(root, intentsDirectory))))) ?? [];
      const uids = names.filter((name) => uidPattern.test(name));
      const read = uids.map(async (claimUid): Promise<ProvisioningIntent | undefined> => {
        const begun = await clock.boundary(ifExists(fs.readFile(intentPath(root, claimUid), 'utf8')));
        return begun === undefined ? undefined : { claimUid, begunMs: Number(begun) || 0 };
      });
      return (await Promise.all(read)).filter((intent) => intent !== undefined);
    },
    forget,
    undo: async (claimUid) => {
      try {
        await clock.boundary(ifExists(fs.rmdir(join(root, claimUid))));
      } catch (thrown) {
        if (!kept.has(errnoOf(thrown))) throw thrown;
      }
      await forget(claimUid);
    },
  };
}
