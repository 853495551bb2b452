/** Between the version of a kind that was asked for and the one it is stored as. Most kinds have one version only. */
import type { KubernetesObject } from '../../api/index.ts';
import { deepFreeze } from '../../base/index.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';

/** One converted form per stored object, so that every reader shares it. */
const converted = new WeakMap<KubernetesObject, Map<string, AnyObject>>();

export function toStored(resource: RegisteredResource, object: AnyObject): AnyObject {
  return resource.conversion ? resource.conversion.toStored(object) : object;
}

export function fromStored(resource: RegisteredResource, stored: AnyObject): AnyObject {
  if (!resource.conversion) return stored;
  let forms = converted.get(stored);
  if (!forms) {
    forms = new Map();
    converted.set(stored, forms);
  }
  let form = forms.get(resource.name);
  if (!form) {
    form = deepFreeze(resource.conversion.fromStored(stored));
    forms.set(resource.name, form);
  }
  return form;
}
