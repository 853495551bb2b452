/** The probes of all running containers, and what they have found out. */
import type { Container, Pod } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { ContainerHealth } from './container-health.ts';
import { type ProbeHost, type ProbeKind, runProbe } from './probe-worker.ts';

interface Probed {
  readonly podUid: string;
  readonly stop: AbortController;
  readonly started: PromiseWithResolvers<void>;
  health: ContainerHealth;
}

export class ProbeManager implements Disposable {
  readonly #host: ProbeHost;
  readonly #onChange: (podUid: string) => void;
  readonly #probed = new Map<string, Probed>();

  constructor(host: ProbeHost, onChange: (podUid: string) => void) {
    this.#host = host;
    this.#onChange = onChange;
  }

  health(containerId: string): ContainerHealth | undefined {
    return this.#probed.get(containerId)?.health;
  }

  /** Probes the pod's running containers, and no others of it any more. */
  follow(pod: Pod, running: readonly { readonly container: Container; readonly record: ContainerRecord }[]): void {
    const ids = new Set(running.map(({ record }) => record.id));
    for (const [id, probed] of this.#probed) if (probed.podUid === pod.metadata.uid && !ids.has(id)) this.#end(id);
    for (const { container, record } of running) if (!this.#probed.has(record.id)) this.#begin(pod, container, record);
  }

  /** The pod is being stopped: nothing that its probes say matters any more. */
  stopPod(podUid: string): void {
    for (const [id, probed] of this.#probed) if (probed.podUid === podUid) this.#end(id);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#probed.keys()]) this.#end(id);
  }

  #end(id: string): void {
    this.#probed.get(id)?.stop.abort();
    this.#probed.delete(id);
  }

  #begin(pod: Pod, container: Container, record: ContainerRecord): void {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    if (!startupProbe && !livenessProbe && !readinessProbe) return;
    const probed: Probed = {
      podUid: pod.metadata.uid,
      stop: new AbortController(),
      started: Promise.withResolvers(),
      health: { started: !startupProbe, ready: !startupProbe && !readinessProbe },
    };
    this.#probed.set(record.id, probed);
    if (!startupProbe) probed.started.resolve();
    const probes = { startup: startupProbe, liveness: livenessProbe, readiness: readinessProbe };
    for (const [name, probe] of Object.entries(probes)) {
      if (!probe) continue;
      const kind = name as ProbeKind;
      const report = (ok: boolean) => this.#report(probed, kind, ok, readinessProbe !== undefined);
      const target = { pod, container, record, kind, probe };
      runProbe(this.#host, target, probed.started.promise, report, probed.stop.signal).catch((thrown: unknown) => {
        this.#host.logger.error('probe ended', { pod: pod.metadata.name, kind, error: messageOf(thrown) });
      });
    }
  }

  #report(probed: Probed, kind: ProbeKind, ok: boolean, hasReadiness: boolean): void {
    const before = probed.health;
    if (kind === 'readiness') probed.health = { ...before, ready: ok };
    else if (!ok) probed.health = { ...before, failure: kind };
    else if (kind === 'startup') probed.health = { ...before, started: true, ready: !hasReadiness };
    if (kind === 'startup' && ok) probed.started.resolve();
    if (probed.health !== before) this.#onChange(probed.podUid);
  }
}
