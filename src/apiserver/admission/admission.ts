/** Admission: what is decided about a write by looking at more than the object. Runs before validation and after it. */
import type { Identity } from '../../api/index.ts';
import type { RegisteredResource } from '../registry/registry.ts';
import type { AnyObject } from '../registry/strategy.ts';

export type AdmissionVerb = 'create' | 'update' | 'delete';

export interface AdmissionAttributes {
  readonly verb: AdmissionVerb;
  readonly resource: RegisteredResource;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** '' while a name is still to be generated. */
  readonly name: string;
  /** The object to be written; undefined for delete. */
  readonly object: AnyObject | undefined;
  /** What is stored; undefined for create. */
  readonly previous: AnyObject | undefined;
  readonly identity: Identity;
  readonly dryRun: boolean;
}

export interface AdmissionPlugin {
  readonly name: string;
  /** Asked once per kind, subresource and verb; the answer must not depend on anything else. */
  handles(verb: AdmissionVerb, resource: RegisteredResource, subresource: string | undefined): boolean;
  /** Returns the object as it is to be written: the given one, or a changed copy. Throws to refuse. */
  admit?(attributes: AdmissionAttributes & { readonly object: AnyObject }): AnyObject | Promise<AnyObject>;
  /** Throws to refuse. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

const none: readonly AdmissionPlugin[] = [];

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #byResource = new WeakMap<RegisteredResource, Map<string, readonly AdmissionPlugin[]>>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** The plugins that look at such a request, in order. */
  for(verb: AdmissionVerb, resource: RegisteredResource, subresource: string | undefined): readonly AdmissionPlugin[] {
    let byRequest = this.#byResource.get(resource);
    if (!byRequest) {
      byRequest = new Map();
      this.#byResource.set(resource, byRequest);
    }
    const key = subresource === undefined ? verb : `${verb}/${subresource}`;
    let plugins = byRequest.get(key);
    if (!plugins) {
      plugins = this.#plugins.filter((plugin) => plugin.handles(verb, resource, subresource));
      byRequest.set(key, plugins.length > 0 ? plugins : none);
    }
    return plugins;
  }
}

/** The object after every plugin has changed it. */
export async function admit(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes & { readonly object: AnyObject },
): Promise<AnyObject> {
  let object = attributes.object;
  for (const plugin of plugins) if (plugin.admit) object = await plugin.admit({ ...attributes, object });
  return object;
}

export async function validateAdmission(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) await plugin.validate?.(attributes);
}
