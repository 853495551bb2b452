/**
 * When the cluster is ready: every node is Ready, every CSINode lists the drivers, the classes exist. A pod with a
 * claim applied at that instant runs without a retry.
 */
import { type CSINode, csiNodes, type Node, nodes, type StorageClass, storageClasses } from '../api/index.ts';
import { type Clock, TimeoutError, withDeadline } from '../base/index.ts';
import type { Informer, InformerFactory } from '../client/index.ts';
import { taintNotReady, taintUnreachable } from '../component-helpers/index.ts';

export interface Expectation {
  readonly nodeNames: readonly string[];
  /** Drivers that the CSINode of every node must list. */
  readonly drivers: readonly string[];
  readonly classes: readonly string[];
}

/** Longer than any healthy start; then what is missing is named. */
const readyTimeoutMs = 60_000;

interface View {
  readonly nodes: Informer<Node>;
  readonly csiNodes: Informer<CSINode>;
  readonly classes: Informer<StorageClass>;
}

/** What is not there yet, in words. Pure. */
function missing(view: View, { nodeNames, drivers, classes }: Expectation): string[] {
  const absent: string[] = [];
  for (const name of nodeNames) {
    const node = view.nodes.get(name);
    const ready = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (!ready) absent.push(`node ${name} is not Ready`);
    // A node that has just become Ready is kept free of pods until its taints are gone.
    if (node?.spec.taints?.some(({ key }) => key === taintNotReady || key === taintUnreachable))
      absent.push(`node ${name} is tainted`);
    const registered = new Set(view.csiNodes.get(name)?.spec.drivers.map((driver) => driver.name));
    for (const driver of drivers)
      if (!registered.has(driver)) absent.push(`driver ${driver} is not registered on ${name}`);
  }
  for (const name of classes) if (!view.classes.get(name)) absent.push(`class ${name} is missing`);
  return absent;
}

export async function untilReady(
  informers: InformerFactory,
  expectation: Expectation,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const view: View = {
    nodes: informers.informer(nodes),
    csiNodes: informers.informer(csiNodes),
    classes: informers.informer(storageClasses),
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (missing(view, expectation).length === 0) resolve();
  };
  for (const informer of [view.nodes, view.csiNodes, view.classes])
    informer.addHandler({ onAdd: look, onUpdate: look });
  look();
  try {
    await withDeadline({ clock, timeoutMs: readyTimeoutMs, what: 'start', signal }, () => promise);
  } catch (thrown) {
    if (!(thrown instanceof TimeoutError)) throw thrown;
    throw new TimeoutError(`not ready: ${missing(view, expectation).join(', ')}`, { cause: thrown });
  }
}
