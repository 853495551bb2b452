/** Loaded when there is YAML to read: a bundle finds the package's functions only through a static import. */
export { parseDocument } from 'yaml';
