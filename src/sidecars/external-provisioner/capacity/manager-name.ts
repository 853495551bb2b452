/** The value of the label `csi.storage.k8s.io/managed-by`. Pure. */
import { createHash } from 'node:crypto';

const base = 'external-provisioner';

/** The longest value of a label. */
const longest = 63;
const hashDigits = 8;

/** A process for one node has objects of its own. A node's name that is too long for a label is replaced in part. */
export function managerNameOf(nodeName: string | undefined): string {
  if (nodeName === undefined) return base;
  const name = `${base}-${nodeName}`;
  if (name.length <= longest) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashDigits);
  return `${name.slice(0, longest - hashDigits - 1)}-${hash}`;
}
