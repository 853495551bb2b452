/** Which component wrote which field of which object: every commit is set against the write that it answers. */
import { isEqual, type KubernetesObject, type Transport } from '../../../src/api/index.ts';
import type { StoreListener } from '../../../src/apiserver/index.ts';

export interface FieldWrite {
  readonly component: string;
  /** `PersistentVolume status.phase`; annotations, labels and the items of lists are told by their parent. */
  readonly field: string;
  readonly object: string;
  readonly isCreation: boolean;
}

interface Commit {
  readonly previous: KubernetesObject | undefined;
  readonly current: KubernetesObject;
}

const mostDepth = 3;

function changedPaths(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isEqual(before, after)) return [];
  const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (path.length >= mostDepth || !(isMap(before) || isMap(after))) return [path.join('.')];
  const [left, right] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].flatMap((key) => changedPaths(left[key], right[key], [...path, key]));
}

export class WrittenFields {
  readonly #components = new Map<string, string>();
  readonly #commits = new Map<string, Commit>();

  readonly onCommit: StoreListener = (events) => {
    for (const { revision, previous, current } of events) {
      if (current) this.#commits.set(String(revision), { previous, current });
    }
  };

  /** The transport, with each write that goes through it noted as the component's. */
  of(component: string, transport: Transport): Transport {
    return {
      ...transport,
      watch: (request) => transport.watch(request),
      request: async (request) => {
        const response = await transport.request(request);
        const { metadata } = response.object as Partial<KubernetesObject>;
        const writes = !['get', 'list', 'delete', 'deletecollection'].includes(request.verb);
        if (writes && metadata) this.#components.set(metadata.resourceVersion, component);
        return response;
      },
    };
  }

  /** In the order of commits. What nobody's client wrote, as a delete of the server, has no component. */
  list(): readonly FieldWrite[] {
    return [...this.#commits].flatMap(([revision, { previous, current }]) => {
      const component = this.#components.get(revision) ?? '';
      const object = `${current.kind} ${current.metadata.name}`;
      const isCreation = previous === undefined;
      const paths = changedPaths(previous ?? {}, current);
      return paths.map((path) => ({ component, field: `${current.kind} ${path}`, object, isCreation }));
    });
  }
}
