/** CSIStorageCapacity objects as this sidecar writes and recognises them. Pure. */
import { createHash } from 'node:crypto';
import {
  type CSIStorageCapacity,
  type Draft,
  type OwnerReference,
  quantityOfBytes,
  quantityValue,
} from '../../../api/index.ts';
import { type Segment, segmentText, selectorOf, selectorText } from './segment.ts';

const driverNameLabel = 'csi.storage.k8s.io/drivername';
const managedByLabel = 'csi.storage.k8s.io/managed-by';
const namePrefix = 'csisc-';

/** So many hexadecimal digits of the hash that two objects do not get one name by chance. */
const nameDigits = 16;

/** Whose objects these are, and where they are kept. */
export interface Manager {
  readonly driver: string;
  readonly managedBy: string;
  readonly namespace: string;
  /** Deleted with it; undefined: nobody's. */
  readonly owner: OwnerReference | undefined;
}

/** What one object is about. */
export interface CapacityItem {
  readonly className: string;
  readonly segment: Segment;
}

/** What a driver says of an item. */
export interface Measured {
  readonly availableBytes: bigint;
  /** undefined: the driver sets no limit of its own. */
  readonly maximumVolumeBytes: bigint | undefined;
}

/** The item's key in queues and indexes. */
export function itemKey(className: string, topologyText: string): string {
  return `${className} ${topologyText}`;
}

export function itemKeyOf({ storageClassName, nodeTopology }: CSIStorageCapacity): string {
  return itemKey(storageClassName, selectorText(nodeTopology));
}

export function labelsOf({ driver, managedBy }: Manager): Readonly<Record<string, string>> {
  return { [driverNameLabel]: driver, [managedByLabel]: managedBy };
}

export function isManaged(manager: Manager, { metadata }: CSIStorageCapacity): boolean {
  return Object.entries(labelsOf(manager)).every(([label, value]) => metadata.labels?.[label] === value);
}

/**
 * The name of the item's object, the same for every process that ever makes it: the API server takes one object of a
 * name. Upstream lets the server make a name up, and deletes the second object when it sees it. Another try is another
 * name, for an object that somebody has taken over.
 */
function nameOf({ driver, managedBy }: Manager, { className, segment }: CapacityItem, tries: number): string {
  const subject = JSON.stringify([driver, managedBy, className, segmentText(segment), tries]);
  return namePrefix + createHash('sha256').update(subject).digest('hex').slice(0, nameDigits);
}

export function draftOf(
  manager: Manager,
  item: CapacityItem,
  measured: Measured,
  tries: number,
): Draft<CSIStorageCapacity> {
  return {
    metadata: {
      name: nameOf(manager, item, tries),
      generateName: namePrefix,
      namespace: manager.namespace,
      labels: labelsOf(manager),
      ...(manager.owner ? { ownerReferences: [manager.owner] } : {}),
    },
    storageClassName: item.className,
    nodeTopology: selectorOf(item.segment),
    ...quantitiesOf(measured),
  };
}

function quantitiesOf({ availableBytes, maximumVolumeBytes }: Measured) {
  return {
    capacity: quantityOfBytes(availableBytes),
    ...(maximumVolumeBytes === undefined ? {} : { maximumVolumeSize: quantityOfBytes(maximumVolumeBytes) }),
  };
}

function isBytes(quantity: string | undefined, bytes: bigint | undefined): boolean {
  if (quantity === undefined || bytes === undefined) return quantity === bytes;
  return quantityValue(quantity) === bytes;
}

/** The object as it should be; undefined when it is so already. */
export function updateOf(
  { owner }: Pick<Manager, 'owner'>,
  current: CSIStorageCapacity,
  measured: Measured,
): CSIStorageCapacity | undefined {
  const owners = current.metadata.ownerReferences ?? [];
  const isOwned = !owner || owners.some(({ controller, uid }) => controller === true && uid === owner.uid);
  const isCurrent =
    isBytes(current.capacity, measured.availableBytes) &&
    isBytes(current.maximumVolumeSize, measured.maximumVolumeBytes);
  if (isOwned && isCurrent) return undefined;
  const { capacity: _, maximumVolumeSize: __, ...rest } = current;
  // An object has one controller; the one before was that of an earlier process.
  const ownerReferences = isOwned ? owners : [...owners.filter(({ controller }) => controller !== true), owner];
  const { ownerReferences: ___, ...metadata } = current.metadata;
  const owned = ownerReferences.length > 0 ? { ownerReferences } : {};
  return { ...rest, metadata: { ...metadata, ...owned }, ...quantitiesOf(measured) };
}

/** Which of several objects for one item stays, for everybody who sees them: the one of our making, else the oldest. */
export function chooseKept(
  manager: Manager,
  objects: readonly CSIStorageCapacity[],
): { readonly kept: CSIStorageCapacity | undefined; readonly surplus: readonly CSIStorageCapacity[] } {
  const rank = ({ metadata: { creationTimestamp, name }, storageClassName, nodeTopology }: CSIStorageCapacity) => {
    const item = { className: storageClassName, segment: nodeTopology?.matchLabels ?? {} };
    return `${name === nameOf(manager, item, 0) ? 0 : 1} ${creationTimestamp} ${name}`;
  };
  const [kept, ...surplus] = objects.length < 2 ? objects : objects.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return { kept, surplus };
}
