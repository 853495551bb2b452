import type { World } from '../world.ts';

/** What users do, step by step, each step waiting for what they would wait for. */
export interface Workload {
  readonly name: string;
  /** The nodes are machines with real node agents; only these agents are disturbed. */
  readonly hasMachines?: boolean;
  /** Snapshots are taken. */
  readonly hasSnapshots?: boolean | undefined;
  /** Claims tell since when no pod uses them. */
  readonly tellsUnused?: boolean | undefined;
  run(world: World): Promise<void>;
}

export const namespace = 'default';

export function keyIn(name: string) {
  return { namespace, name };
}
