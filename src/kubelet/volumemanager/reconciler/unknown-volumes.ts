import { type Logger, messageOf } from '../../../base/index.ts';
import type { ActualStateOfWorld } from '../cache/actual-state-of-world.ts';
import { podVolumeKey } from '../cache/desired-state-of-world.ts';
import type { PodProvider, PodUid } from '../volume-manager.ts';
import type { UnknownVolume } from './reconstruct.ts';

export interface UnknownVolumesOptions {
  readonly pods: PodProvider;
  readonly actual: ActualStateOfWorld;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/**
 * Directories that an earlier run left and that tell nothing about their volumes. Those of a pod that is wanted are
 * used again when its volumes are set up; those of others are unmounted and removed, and never deleted with content.
 */
export class UnknownVolumes {
  readonly #options: UnknownVolumesOptions;
  #volumes: readonly UnknownVolume[] = [];
  #cleaning: Promise<void> = Promise.resolve();

  constructor(options: UnknownVolumesOptions) {
    this.#options = options;
  }

  set(volumes: readonly UnknownVolume[]): void {
    this.#volumes = volumes;
  }

  has(podUid: PodUid): boolean {
    return this.#volumes.some((volume) => volume.podUid === podUid);
  }

  /** Takes out what a step has made known since. */
  forgetKnown(): void {
    if (this.#volumes.length > 0) this.#volumes = this.#volumes.filter((volume) => !this.#isUsedAgain(volume));
  }

  /** Cleans what no pod wants. Resolves when this and every earlier pass is over. */
  async clean(): Promise<void> {
    this.#cleaning = this.#cleaning.then(() => this.#cleanAll());
    await this.#cleaning;
  }

  async #cleanAll(): Promise<void> {
    for (const volume of this.#volumes) {
      if (this.#isWanted(volume.podUid) || !(await this.#tearDown(volume))) continue;
      this.#volumes = this.#volumes.filter((other) => other !== volume);
    }
  }

  #isUsedAgain({ podUid, volumeName }: UnknownVolume): boolean {
    const key = podVolumeKey(podUid, volumeName);
    return this.#options.actual.mountsOfPod(podUid).some(({ volume }) => volume.pods.has(key));
  }

  #isWanted(podUid: PodUid): boolean {
    const { pods } = this.#options;
    return pods.containersRunning(podUid) || (pods.get(podUid) !== undefined && !pods.isTerminating(podUid));
  }

  async #tearDown({ plugin, podUid, volumeName }: UnknownVolume): Promise<boolean> {
    const { logger, stopping } = this.#options;
    if (stopping.aborted) return false;
    const unmounter = plugin.newUnmounter({ podUid, volumeName });
    try {
      await unmounter.tearDown(stopping);
      return true;
    } catch (thrown) {
      logger.warn('volume left by an earlier run cannot be cleaned', {
        path: unmounter.path,
        error: messageOf(thrown),
      });
      return false;
    }
  }
}
