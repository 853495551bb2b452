import { ApiStatusError, decodeStruct, type Patch } from '../../api/index.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { isJsonObject } from '../patch/own-property.ts';

interface ScaleBody {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: { readonly replicas?: number };
}

const scaleKind = { kind: 'Scale', version: 'v1' };

/** What a Scale asks for. Throws BadRequest. */
export function decodeScale(body: unknown): { readonly replicas: number; readonly resourceVersion?: string } {
  const { object } = decodeStruct<ScaleBody>('autoscaling.v1.Scale', scaleKind, body);
  const resourceVersion = object.metadata?.resourceVersion;
  return { replicas: object.spec?.replicas ?? 0, ...(resourceVersion ? { resourceVersion } : {}) };
}

/** A patch of a Scale. It has no lists, so a strategic merge is a merge. */
export function applyPatchBody(scale: object, patch: Patch): unknown {
  if (patch.type === 'json') return applyJsonPatch(scale, patch.body);
  if (patch.type !== 'apply' && isJsonObject(patch.body)) return applyMergePatch(scale, patch.body);
  throw ApiStatusError.of('BadRequest', 'the patch of a scale must be an object or a list of operations');
}
