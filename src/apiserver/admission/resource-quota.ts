/** Nothing is written that takes more of a namespace than its quotas allow. Upstream: plugin/resourcequota. */
import { attributesClassesOf, type PersistentVolumeClaim, quotaEvaluatorOf } from '../../api/index.ts';
import { assert, type Clock } from '../../base/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import type { AdmissionAttributes, AdmissionPlugin, AdmissionVerb } from './admission.ts';
import { QuotaCharger } from './quota-charger.ts';

/** Comes last: what is charged here is about to be written. */
export function resourceQuota({ store, clock }: { readonly store: Store; readonly clock: Clock }): AdmissionPlugin {
  const charger = new QuotaCharger(store);
  return {
    name: 'ResourceQuota',
    handles: mayBeCharged,
    async validate(attributes) {
      const { resource, namespace = '', name, object, previous, subresource, dryRun } = attributes;
      if (!changesCharge(attributes) || !(await charger.hasQuotas(namespace))) return;
      // A create that will be refused because the name is taken must not be charged.
      const key = `${resource.prefix}${namespace}/${name}`;
      if (!previous && (await store.get(key))) return;
      const evaluator = quotaEvaluatorOf(resource.type);
      assert(evaluator && object, 'only creates and updates of kinds that quotas count are charged');
      const write = { evaluator, object, previous, isStatus: subresource === 'status', nowMs: clock.now() };
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

/** Most writes of a claim's status have nothing that quotas count. */
function changesCharge({ subresource, object, previous }: AdmissionAttributes): boolean {
  if (subresource !== 'status') return true;
  const [claim, before] = [object, previous] as readonly PersistentVolumeClaim[];
  if (!claim || !before) return false;
  if (claim.status?.allocatedResources?.storage !== before.status?.allocatedResources?.storage) return true;
  return attributesClassesOf(claim).join() !== attributesClassesOf(before).join();
}
