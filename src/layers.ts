/**
 * Which row of src/ may import which: the architecture as data. A row is a folder, and other rows reach it through its
 * index.ts alone. scripts/tidy.ts fails when a file forgets.
 */
export interface Layer {
  /** Rows whose index.ts may be imported; the row itself is always allowed. */
  readonly mayImport: readonly string[] | 'anything';
  /** Nothing of it exists at run time: only types are imported. */
  readonly typesOnly?: readonly string[];
}

export const layers: Readonly<Record<string, Layer>> = {
  base: { mayImport: [] },
  // Apart from base, so that processes that count nothing (drivers, shims) do not load it.
  metrics: { mayImport: [] },
  api: { mayImport: ['base'] },
  mount: { mayImport: ['base'] },
  csi: { mayImport: ['base'] },
  'component-helpers': { mayImport: ['api', 'base'] },
  apiserver: { mayImport: ['api', 'metrics', 'base'] },
  client: { mayImport: ['api', 'metrics', 'base'] },
  // Used by the kubelet and, for what FlexVolume attaches and hostPath provisions and recycles, by controllers.
  'volume-plugins': { mayImport: ['api', 'csi', 'mount', 'component-helpers', 'base'] },
  // They touch the world through API objects and plugins, so that they run against any API server and node.
  controllers: { mayImport: ['volume-plugins', 'client', 'component-helpers', 'api', 'metrics', 'base'] },
  scheduler: { mayImport: ['client', 'component-helpers', 'api', 'metrics', 'base'] },
  sidecars: { mayImport: ['client', 'component-helpers', 'api', 'csi', 'metrics', 'base'] },
  // A driver knows nothing of Kubernetes.
  drivers: { mayImport: ['csi', 'mount', 'base'] },
  kubelet: { mayImport: ['volume-plugins', 'client', 'component-helpers', 'api', 'csi', 'mount', 'base'] },
  diagnosis: { mayImport: ['client', 'component-helpers', 'api', 'base'] },
  'console/server': { mayImport: ['client', 'component-helpers', 'api', 'base'] },
  'console/web': { mayImport: ['api'], typesOnly: ['api'] },
  cluster: { mayImport: 'anything' },
  cmd: { mayImport: 'anything' },
};
