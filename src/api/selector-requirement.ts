export type SelectorOperator = 'in' | 'notin' | '=' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Sorted; one value for `=`, `!=`, `gt` and `lt`, none for `exists` and `!`. */
  readonly values: readonly string[];
}

/** A selector that cannot be understood. The message is the one that Kubernetes answers with. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}
