/** What scheduler and node agents do together, as far as workload controllers can see it: pods come up, and go. */
import { isConflict, isNotFound, keyOf, type Pod, pods } from '../../../src/api/index.ts';
import { done, runReconciler } from '../../../src/client/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { startOn } from './controllers.ts';

export class PodAgent {
  readonly #plane: ControlPlane;
  /** Pods for which this holds are left as they are. */
  isStuck: (pod: Pod) => boolean = () => false;
  /** The node of pods that name none in their affinity. */
  nodeName: string | undefined;

  private constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  static async start(plane: ControlPlane): Promise<PodAgent> {
    const agent = new PodAgent(plane);
    await startOn(plane, 'agent', ({ informers, clock, logger }) => {
      const informer = informers.informer(pods);
      const queue = runReconciler({
        name: 'agent',
        clock,
        logger,
        reconcile: async (key) => {
          const pod = informer.get(key);
          if (pod && !agent.isStuck(pod)) await agent.#sync(pod);
          return done;
        },
      });
      informer.addHandler({
        onAdd: (pod) => queue.add(keyOf(pod)),
        onUpdate: (_previous, pod) => queue.add(keyOf(pod)),
      });
      return queue;
    });
    return agent;
  }

  /** Makes the agent look at its pods again. */
  async lookAgain(): Promise<void> {
    const { items } = await this.#plane.client.list(pods);
    for (const pod of items) if (!this.isStuck(pod)) await this.#sync(pod);
    await this.#plane.clock.settle();
  }

  /** Ends a pod as its containers would. */
  async end(name: string, phase: 'Succeeded' | 'Failed', exitCode = phase === 'Failed' ? 1 : 0): Promise<void> {
    const { client, clock } = this.#plane;
    const pod = await client.get(pods, { namespace: 'default', name });
    const finishedAt = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const containerStatuses = pod.spec.containers.map((container) => ({
      name: container.name,
      image: container.image ?? '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, finishedAt } },
    }));
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: finishedAt }];
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, phase, conditions, containerStatuses } });
    await clock.settle();
  }

  async #sync(pod: Pod): Promise<void> {
    const { client, clock } = this.#plane;
    const { namespace, name, uid } = pod.metadata;
    try {
      if (pod.metadata.deletionTimestamp) {
        await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
        return;
      }
      const node = pod.spec.nodeName ?? nodeOfAffinity(pod) ?? this.nodeName;
      if (!pod.spec.nodeName && node) {
        await client.createSubresource(pods, { namespace, name }, 'binding', {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name },
          target: { kind: 'Node', name: node },
        });
      } else if (pod.status?.phase === 'Pending') {
        const lastTransitionTime = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
        await client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Running', conditions } });
      }
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }
}

/** The node that a DaemonSet chose for its pod. */
function nodeOfAffinity({ spec }: Pod): string | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.find(({ key }) => key === 'metadata.name')?.values?.[0];
}
