import type { KubernetesObject, ResourceType } from '../meta/resource-type.ts';

export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
}

export type TableCell = string | number | boolean | null;

/** The rows of a meta.k8s.io/v1 Table, one per object in the order given; the server adds what `includeObject` asks for. */
export interface PrintedTable {
  readonly columnDefinitions: readonly TableColumn[];
  readonly rows: readonly { readonly cells: readonly TableCell[] }[];
}

/** Prints objects as `kubectl get` shows them. Ages are taken at `nowMs` (milliseconds of Unix time). */
export function tableOf(_type: ResourceType, objects: readonly KubernetesObject[], _nowMs: number): PrintedTable {
  return { columnDefinitions: [], rows: objects.map((object) => ({ cells: [object.metadata.name] })) };
}
