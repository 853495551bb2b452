import type { CustomResourceDefinition } from '../gen/apiextensions.v1.gen.ts';
import { checkDns1035Label, checkDnsSubdomain } from '../names.ts';
import type { FieldErrors } from './field-error.ts';
import { FieldPath } from './field-path.ts';

const scopes = ['Cluster', 'Namespaced'];

export function validateCustomResourceDefinition(errors: FieldErrors, definition: CustomResourceDefinition): void {
  const { group = '', names, scope, versions = [] } = definition.spec ?? {};
  const path = FieldPath.of('spec');
  const plural = names?.plural ?? '';
  const name = `${plural}.${group}`;
  if (definition.metadata.name !== name) {
    const detail = 'must be spec.names.plural+"."+spec.group';
    errors.invalid(FieldPath.of('metadata', 'name'), definition.metadata.name, detail);
  }
  if (group === '') errors.required(path.child('group'));
  else {
    errors.invalidEach(path.child('group'), group, checkDnsSubdomain(group));
    if (!group.includes('.')) errors.invalid(path.child('group'), group, 'should be a domain with at least one dot');
  }
  if (!scope || !scopes.includes(scope)) errors.unsupported(path.child('scope'), scope ?? '', scopes);
  errors.invalidEach(path.child('names', 'plural'), plural, checkDns1035Label(plural));
  const kind = names?.kind ?? '';
  const kindProblems = checkDns1035Label(kind.toLowerCase());
  errors.invalidEach(
    path.child('names', 'kind'),
    kind,
    kindProblems.map((one) => `may have mixed case, but should otherwise match: ${one}`),
  );
  const storage = versions.filter((version) => version.storage);
  if (storage.length !== 1) {
    errors.invalid(
      path.child('versions'),
      versions.map((version) => version.name),
      'must have exactly one version marked as storage version',
    );
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const at = path.child('versions').index(index);
    errors.invalidEach(at.child('name'), version.name ?? '', checkDns1035Label(version.name ?? ''));
    if (seen.has(version.name)) errors.duplicate(at.child('name'), version.name);
    seen.add(version.name);
    if (!version.schema?.openAPIV3Schema)
      errors.required(at.child('schema', 'openAPIV3Schema'), 'schemas are required');
  }
}
