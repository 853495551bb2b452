/** Work for one controller or sidecar, under a name: what reliability tests give to each of them alike. */
import { nodes, pods } from '../../../../src/api/index.ts';
import type { ControllerOptions } from '../../../../src/controllers/index.ts';
import type { ControlPlane } from '../control-plane.ts';
import { nodeDraft, podDraft } from '../objects.ts';

export interface ControllerCase {
  readonly start: (options: ControllerOptions) => AsyncDisposable;
  /** Puts work for the controller under a name. What it has to write for it carries the name or is in such a namespace. */
  setUp(plane: ControlPlane, name: string): Promise<unknown>;
  isDone(plane: ControlPlane, name: string): Promise<boolean>;
}

export type ControllerCases = Readonly<Record<string, ControllerCase>>;

export const at = (name: string) => ({ namespace: 'default', name });
export const bare = { type: 'merge', body: { metadata: { finalizers: null } } } as const;

export const isProtected = (object: { metadata: { finalizers?: readonly string[] } } | undefined) =>
  (object?.metadata.finalizers?.length ?? 0) > 0;

export const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
});

export const workload = (name: string) => ({
  selector: { matchLabels: { app: name } },
  template: template(name) as never,
});

export const hasPodOf = async (plane: ControlPlane, name: string) =>
  (await plane.client.list(pods)).items.some(({ metadata }) => metadata.name.startsWith(`${name}-`));

/** A pod on a node that need not exist. */
export async function createPodOn(plane: ControlPlane, name: string, nodeName: string, claimName?: string) {
  const draft = podDraft(name, claimName);
  await plane.client.create(pods, { ...draft, spec: { ...draft.spec, nodeName } as never });
}

export async function ensureNode(plane: ControlPlane, draft = nodeDraft('n1')): Promise<void> {
  const name = draft.metadata.name ?? '';
  if (!(await plane.get(nodes, { name }))) await plane.client.create(nodes, draft);
}
