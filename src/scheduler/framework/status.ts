/** What a plugin answers about a pod, or about a pod on a node. */
export type Status =
  | { readonly code: 'success' }
  /** The plugin has nothing to say about this pod: its later steps are left out. */
  | { readonly code: 'skip' }
  /** Not now; removing other pods might help. */
  | { readonly code: 'unschedulable'; readonly reasons: readonly string[] }
  /** Not now; removing other pods would not help. */
  | { readonly code: 'unresolvable'; readonly reasons: readonly string[] };

export const success: Status = { code: 'success' };
export const skip: Status = { code: 'skip' };

export function unschedulable(...reasons: readonly string[]): Status {
  return { code: 'unschedulable', reasons };
}

export function unresolvable(...reasons: readonly string[]): Status {
  return { code: 'unresolvable', reasons };
}

export function isRejected(status: Status): status is Extract<Status, { reasons: readonly string[] }> {
  return status.code === 'unschedulable' || status.code === 'unresolvable';
}
