import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../api/index.ts';
import { secretReference, splitParameters } from './parameters.ts';

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'data',
    namespace: 'team',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    annotations: { tier: 'gold' },
  },
  spec: {},
};

describe('splitParameters', () => {
  it('[O4] passes everything outside the reserved prefix to the driver', () => {
    const split = splitParameters({ type: 'fast', 'csi.storage.k8s.io/fstype': 'xfs' });
    expect(split).toEqual({ forDriver: { type: 'fast' }, fsType: 'xfs' });
  });

  it('[O5] refuses an unknown key under the reserved prefix', () => {
    expect(() => splitParameters({ 'csi.storage.k8s.io/colour': 'red' })).toThrow(
      'found unknown parameter key "csi.storage.k8s.io/colour" with reserved namespace csi.storage.k8s.io/',
    );
  });
});

const name = 'csi.storage.k8s.io/provisioner-secret-name';
const namespace = 'csi.storage.k8s.io/provisioner-secret-namespace';

describe('secretReference', () => {
  it('is undefined when the class names no secret', () => {
    expect(secretReference('provisioner', {}, 'pvc-u', claim)).toBeUndefined();
  });

  it.each([
    ['${pv.name}', '${pvc.namespace}', 'pvc-u', 'team'],
    ["${pvc.name}-${pvc.annotations['tier']}", 'fixed', 'data-gold', 'fixed'],
    ['plain', '${pv.name}', 'plain', 'pvc-u'],
  ])('[O5] fills the templates %s in %s', (nameTemplate, namespaceTemplate, expectedName, expectedNamespace) => {
    const parameters = { [name]: nameTemplate, [namespace]: namespaceTemplate };
    const reference = secretReference('provisioner', parameters, 'pvc-u', claim);
    expect(reference).toEqual({ name: expectedName, namespace: expectedNamespace });
  });

  it.each([
    [{ [name]: 'x' }, 'Both must be specified'],
    [{ [name]: 'x', [namespace]: '${pvc.name}' }, 'invalid tokens: ["pvc.name"]'],
    [{ [name]: "${pvc.annotations['missing']}", [namespace]: 'x' }, 'invalid tokens'],
    [{ [name]: '${pv.name', [namespace]: 'x' }, 'unclosed'],
  ])('[O5][rel-X18] refuses %j', (parameters, message) => {
    expect(() => secretReference('provisioner', parameters, 'pvc-u', claim)).toThrow(message);
  });
});
