/** The AbortError for an aborted signal, with the signal's reason as its cause. */
export function abortError(signal?: AbortSignal): Error {
  return new DOMException('the operation was aborted', { name: 'AbortError', cause: signal?.reason });
}

export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortError(signal);
}

/** Runs the callback once when the signal aborts (at once if it has); disposing takes the callback back. */
export function onAbort(signal: AbortSignal, callback: () => void): Disposable {
  if (signal.aborted) {
    callback();
    return { [Symbol.dispose]() {} };
  }
  signal.addEventListener('abort', callback, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener('abort', callback);
    },
  };
}
