/** The directory cannot be used: in use, damaged, foreign, of another version, not writable. Names the path. */
export class StoreDirectoryError extends Error {
  override readonly name = 'StoreDirectoryError';
}
