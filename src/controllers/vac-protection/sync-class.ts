/** Keeps a VolumeAttributesClass that is being deleted until nothing names it. Upstream: volume/vacprotection. */
import {
  attributesClassesOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type VolumeAttributesClass,
  volumeAttributesClasses,
} from '../../api/index.ts';
import { unreachable } from '../../base/index.ts';
import { type Client, done, type Informer, type ReconcileResult, requeueAfter } from '../../client/index.ts';
import { attributesClassProtectionFinalizer } from '../../component-helpers/index.ts';
import { decideProtection, withFinalizer, withoutFinalizer } from '../common/finalizers.ts';

export interface ClassProtectionContext {
  readonly client: Client;
  readonly classes: Informer<VolumeAttributesClass>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
}

/** When a user of a class is looked for again that the server knows and the caches do not. */
const recheckMs = 10_000;

/** Index of claims and of volumes by the classes that they name. */
export const byAttributesClass = 'vac-protection/class';

export function classesOfVolume({ spec }: PersistentVolume): readonly string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

export async function syncClass(
  context: ClassProtectionContext,
  name: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { client } = context;
  const found = context.classes.get(name);
  if (!found) return done;
  const decision = decideProtection(found, attributesClassProtectionFinalizer);
  switch (decision.kind) {
    case 'settled':
      return done;
    case 'protect': {
      const protectedClass = withFinalizer(found, attributesClassProtectionFinalizer);
      await client.update(volumeAttributesClasses, protectedClass, { signal });
      return done;
    }
    case 'releaseIfUnused': {
      if (isKnownInUse(context, name)) return done;
      // Its end may be missed with all that the caches missed of it.
      if (await isInUse(context, name, signal)) return requeueAfter(recheckMs);
      const released = withoutFinalizer(found, attributesClassProtectionFinalizer);
      await client.update(volumeAttributesClasses, released, { signal });
      return done;
    }
    default:
      return unreachable(decision, 'protection decision');
  }
}

/** The caches can say yes; only the API server can say no. */
function isKnownInUse({ claims, volumes }: ClassProtectionContext, name: string): boolean {
  return claims.byIndex(byAttributesClass, name).length > 0 || volumes.byIndex(byAttributesClass, name).length > 0;
}

async function isInUse({ client }: ClassProtectionContext, name: string, signal: AbortSignal) {
  const claimList = await client.list(persistentVolumeClaims, { signal });
  if (claimList.items.some((claim) => attributesClassesOf(claim).includes(name))) return true;
  const volumeList = await client.list(persistentVolumes, { signal });
  return volumeList.items.some((volume) => classesOfVolume(volume).includes(name));
}
