import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';

/** Whether a finalizer keeps a terminating object from being removed. */
export function isHeld(resource: RegisteredResource, object: AnyObject): boolean {
  return (object.metadata.finalizers?.length ?? 0) > 0 || (resource.strategy.isHeld?.(object) ?? false);
}
