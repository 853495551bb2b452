/**
 * Definitions of kinds that this server has anyway, such as those of snapshots, which clusters install as a rule: they
 * are established, and change nothing. Other definitions are kept, and not served.
 */
import { builtInResources, type CustomResourceDefinition } from '../../api/index.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

export const customResourceDefinitionStrategy: Strategy<CustomResourceDefinition> = {
  generation: 'always',
  requiresResourceVersion: true,
  statusKeepsMetadata: true,
  initialStatus: ({ spec }, context) => (isServed(spec) ? established(spec, context) : undefined),
};

type Definition = CustomResourceDefinition['spec'];

function isServed({ group, names, versions }: Definition): boolean {
  return builtInResources.some(
    (type) =>
      type.group === group &&
      type.plural === names.plural &&
      type.kind === names.kind &&
      versions.some(({ name, served }) => served && name === type.version),
  );
}

/** As upstream's controllers of names and establishing leave it. */
function established({ names, versions }: Definition, { now }: StrategyContext): CustomResourceDefinition['status'] {
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  });
  return {
    acceptedNames: { listKind: `${names.kind}List`, singular: names.kind.toLowerCase(), ...names },
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    storedVersions: versions.filter(({ storage }) => storage).map(({ name }) => name),
  };
}
