/** Pods leave a node that is lost after five minutes, unless they say otherwise. Upstream: plugin/defaulttolerationseconds. */
import { type Pod, type Toleration, taintNotReady, taintUnreachable } from '../../api/index.ts';
import type { AdmissionPlugin } from './admission.ts';

const tolerationSeconds = 300;

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  // An update too: it may have replaced the list, and these may not be taken from it.
  handles: (verb, { name }, subresource) => verb !== 'delete' && name === 'pods' && subresource === undefined,
  admit({ object }) {
    const pod = object as Pod;
    const tolerations = pod.spec?.tolerations ?? [];
    const added = [taintNotReady, taintUnreachable]
      .filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)))
      .map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
    if (!pod.spec || added.length === 0) return pod;
    return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } };
  },
};

function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
