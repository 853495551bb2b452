/** Waits until the volumes of a pod are bound, woken by the changes of what it waits for. */
import { keyOf, type Node, type PersistentVolume, type PersistentVolumeClaim, type Pod } from '../../../api/index.ts';
import { type Clock, messageOf, onAbort, TimeoutError, withDeadline } from '../../../base/index.ts';
import type { Informer } from '../../../client/index.ts';
import { MigrationError } from '../../../component-helpers/index.ts';
import { type BindingProgress, type BindingView, checkBindings, type WrittenBindings } from './check-bindings.ts';
import type { Open } from './reserve-volumes.ts';

/** The volumes of a pod cannot be bound for the node that was chosen: the pod must be placed anew. */
export class BindingError extends Error {
  override readonly name = 'BindingError';
}

export interface BindingWaitOptions {
  readonly clock: Clock;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly view: BindingView;
  readonly timeoutMs: number;
}

export class BindingWait {
  readonly #options: BindingWaitOptions;
  /** Who looks again when the claim, node or pod with this key changes. */
  readonly #looks = new Map<string, Set<() => void>>();

  constructor(options: BindingWaitOptions) {
    this.#options = options;
    const { claims, volumes, nodes, pods } = options;
    const onClaim = (claim: PersistentVolumeClaim) => this.wake({ claim });
    claims.addHandler({ onAdd: onClaim, onUpdate: (_previous, claim) => onClaim(claim), onDelete: onClaim });
    const onVolume = (volume: PersistentVolume) => this.wake({ volume });
    volumes.addHandler({ onAdd: onVolume, onUpdate: (_previous, volume) => onVolume(volume), onDelete: onVolume });
    nodes.addHandler({ onDelete: ({ metadata }) => this.#wake(nodeKey(metadata.name)) });
    pods.addHandler({ onDelete: (pod) => this.#wake(podKey(keyOf(pod))) });
  }

  /** A claim or volume changed, or what is assumed of it. */
  wake(changed: Open): void {
    if ('claim' in changed) {
      this.#wake(claimKey(keyOf(changed.claim)));
      return;
    }
    const { metadata, spec } = changed.volume;
    this.#wake(volumeKey(metadata.name));
    // What is provisioned for a claim names it, and is found without knowing its name beforehand.
    if (spec.claimRef) this.#wake(claimKey(`${spec.claimRef.namespace}/${spec.claimRef.name}`));
  }

  /** Rejects with a BindingError when the volumes will not be bound, or are not in time. */
  async untilBound(written: WrittenBindings, signal: AbortSignal): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const what = `volumes of pod ${keyOf(written.pod)}`;
    try {
      await withDeadline({ clock, timeoutMs, what, signal }, (until) => this.#wait(written, until));
    } catch (thrown) {
      if (!(thrown instanceof TimeoutError)) throw thrown;
      throw new BindingError('binding volumes: context deadline exceeded', { cause: thrown });
    }
  }

  async #wait(written: WrittenBindings, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      const progress = this.#check(written);
      if (progress.kind === 'bound') resolve();
      else if (progress.kind === 'failed') reject(new BindingError(`binding volumes: ${progress.reason}`));
    };
    const keys = keysOf(written);
    for (const key of keys) this.#looks.set(key, (this.#looks.get(key) ?? new Set()).add(look));
    using stop = onAbort(signal, () => reject(signal.reason));
    void stop;
    try {
      look();
      await promise;
    } finally {
      for (const key of keys) this.#forget(key, look);
    }
  }

  #check(written: WrittenBindings): BindingProgress {
    try {
      return checkBindings(written, this.#options.view);
    } catch (thrown) {
      if (!(thrown instanceof MigrationError)) throw thrown;
      return { kind: 'failed', reason: `failed to translate pv to csi: ${messageOf(thrown)}` };
    }
  }

  #wake(key: string): void {
    for (const look of this.#looks.get(key) ?? []) look();
  }

  #forget(key: string, look: () => void): void {
    const looks = this.#looks.get(key);
    looks?.delete(look);
    if (looks?.size === 0) this.#looks.delete(key);
  }
}

function keysOf({ pod, nodeName, bindings, provisions }: WrittenBindings): readonly string[] {
  const claims = [...bindings.map(({ claim }) => claim), ...provisions];
  return [
    podKey(keyOf(pod)),
    nodeKey(nodeName),
    ...bindings.map(({ volume }) => volumeKey(volume.metadata.name)),
    ...claims.map((claim) => claimKey(keyOf(claim))),
  ];
}

const podKey = (key: string) => `pod:${key}`;
const nodeKey = (name: string) => `node:${name}`;
const claimKey = (key: string) => `claim:${key}`;
const volumeKey = (name: string) => `volume:${name}`;
