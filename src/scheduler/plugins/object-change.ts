/** A change of one object; one side is undefined when it has come or gone. */
export interface ObjectChange<T> {
  readonly previous: T | undefined;
  readonly current: T | undefined;
}
