/** A container cannot be started now. The reason is shown while it waits; the start is tried again. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
  /** As in `state.waiting.reason`: `CreateContainerConfigError`, ... */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }

  static config(message: string, options?: ErrorOptions): ContainerError {
    return new ContainerError('CreateContainerConfigError', message, options);
  }
}
