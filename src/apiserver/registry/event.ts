/** Events have two kinds, v1 and events.k8s.io/v1, for the same objects. They are stored as v1. */
import { apiVersionOf, coreEvents, eventsV1, type KubernetesObject } from '../../api/index.ts';
import type { Conversion } from './registry.ts';

/** How the fields of events.k8s.io/v1 are called in v1; the others have the same name in both. */
const storedNames: Readonly<Record<string, string>> = {
  note: 'message',
  regarding: 'involvedObject',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const servedNames = Object.fromEntries(Object.entries(storedNames).map(([served, stored]) => [stored, served]));

function renamed(
  object: KubernetesObject,
  names: Readonly<Record<string, string>>,
  type: typeof coreEvents | typeof eventsV1,
): KubernetesObject {
  const fields = Object.entries(object).map(([name, value]) => [
    Object.hasOwn(names, name) ? names[name] : name,
    value,
  ]);
  return { ...Object.fromEntries(fields), apiVersion: apiVersionOf(type), kind: type.kind };
}

export const eventConversion: Conversion = {
  storedAs: coreEvents,
  toStored: (object) => renamed(object, storedNames, coreEvents),
  fromStored: (object) => renamed(object, servedNames, eventsV1),
};
