/** Loaded when there is YAML to read or write: a bundle finds the package's functions only through a static import. */
export { parseDocument, stringify as stringifyYaml } from 'yaml';
