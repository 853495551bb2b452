/** Nothing is written that takes more of a namespace than its quotas allow. Upstream: plugin/resourcequota. */
import { isCountedAlike, quotaEvaluatorOf } from '../../api/index.ts';
import { assert, type Clock } from '../../base/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionAttributes, AdmissionPlugin, AdmissionVerb } from './admission.ts';
import { QuotaCharger } from './quota-charger.ts';

/** Comes last: what is charged here is about to be written. */
export function resourceQuota({ store, clock }: { readonly store: Store; readonly clock: Clock }): AdmissionPlugin {
  const charger = new QuotaCharger(store);
  /** A create that will be refused because the name is taken must not be charged. */
  const isTaken = async ({ resource, namespace, name }: AdmissionAttributes) =>
    (await store.get(`${resource.prefix}${namespace}/${name}`)) !== undefined;
  return {
    name: 'ResourceQuota',
    handles: mayBeCharged,
    async validate(attributes) {
      const { resource, namespace = '', name, object, previous, subresource, dryRun } = attributes;
      if (!(await charger.hasQuotas(namespace))) return;
      const evaluator = quotaEvaluatorOf(resource.type);
      assert(evaluator && object, 'only creates and updates of kinds that quotas count are charged');
      const nowMs = clock.now();
      if (previous ? isCountedAlike(evaluator, [previous, object], nowMs) : await isTaken(attributes)) return;
      const write = { evaluator, object, previous, isStatus: subresource === 'status', nowMs };
      const refusal = await charger.charge(namespace, write, dryRun);
      if (refusal !== undefined) throw forbidden(resource.type, name, refusal);
    },
  };
}

function mayBeCharged(verb: AdmissionVerb, resource: RegisteredResource, subresource: string | undefined): boolean {
  if (verb === 'delete' || resource.virtual || !quotaEvaluatorOf(resource.type)) return false;
  const isUpdate = verb === 'update';
  switch (resource.name) {
    case 'pods':
      return subresource === (isUpdate ? 'resize' : undefined);
    case 'persistentvolumeclaims':
      return subresource === undefined || (isUpdate && subresource === 'status');
    case 'services':
      return subresource === undefined;
    default:
      return !isUpdate && subresource === undefined;
  }
}
