// Generated from schema/meta.v1.api by `npm run generate:api`. Do not edit.

/** One aspect of an object's state. */
export interface Condition {
  /** When the condition last changed its status. */
  readonly lastTransitionTime: string;
  /** A sentence for people on the last change. */
  readonly message: string;
  /** The generation that the condition was set for. */
  readonly observedGeneration?: number;
  /** One word for programs on the last change. */
  readonly reason: string;
  /** True, False or Unknown. */
  readonly status: string;
  /** The name of the condition. */
  readonly type: string;
}

/** How an object is deleted. */
export interface DeleteOptions {
  readonly apiVersion?: string;
  /** All to check the request without carrying it out. */
  readonly dryRun?: readonly string[];
  /** How long the object has to end in good order; 0 deletes at once. */
  readonly gracePeriodSeconds?: number;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
  readonly kind?: string;
  readonly orphanDependents?: boolean;
  /** What must hold for the deletion to be carried out. */
  readonly preconditions?: Preconditions;
  /** What becomes of dependents: Orphan, Background or Foreground. */
  readonly propagationPolicy?: string;
}

/** Objects by their labels; all requirements must hold, and none at all select everything. */
export interface LabelSelector {
  /** Requirements on labels. */
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
  /** Labels with the values they must have. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** A requirement on one label. */
export interface LabelSelectorRequirement {
  /** The label. */
  readonly key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  readonly operator: string;
  /** The values: some for In and NotIn, none otherwise. */
  readonly values?: readonly string[];
}

/** What a list says of itself. */
export interface ListMeta {
  /** What to ask with for the next page; absent on the last. */
  readonly continue?: string;
  /** How many items are left, if known. */
  readonly remainingItemCount?: number;
  /** The version of the list, to watch from. */
  readonly resourceVersion?: string;
  /** No longer used. */
  readonly selfLink?: string;
  readonly shardInfo?: ShardInfo;
}

/** The fields that one manager set. */
export interface ManagedFieldsEntry {
  /** The version that the fields are written in. */
  readonly apiVersion?: string;
  /** How the fields are written: FieldsV1. */
  readonly fieldsType?: string;
  /** The fields. */
  readonly fieldsV1?: unknown;
  /** Who set them. */
  readonly manager?: string;
  /** How they were set: Apply or Update. */
  readonly operation?: string;
  /** The subresource that they were set through. */
  readonly subresource?: string;
  /** When they were last changed. */
  readonly time?: string;
}

/** The data that every object has. */
export interface ObjectMeta {
  /** Texts under keys, for programs; they cannot be selected by. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** When the object was created; set by the server. */
  readonly creationTimestamp: string;
  /** How long the object has to end in good order once it is deleted. */
  readonly deletionGracePeriodSeconds?: number;
  /** When deletion was asked for, or a pod's time is up; the object is gone when its finalizers are. */
  readonly deletionTimestamp?: string;
  /** Who must still act before the object may be removed. */
  readonly finalizers?: readonly string[];
  /** The beginning of a name that the server completes with random characters. */
  readonly generateName?: string;
  /** Counts the changes to what is wanted. */
  readonly generation?: number;
  /** Short texts under keys, which objects are selected by. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Which manager set which fields, for server-side apply. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
  /** The name of the object, unique for its kind in its namespace; it cannot be changed. */
  readonly name: string;
  /** The namespace that the object lives in; absent for cluster-wide kinds. */
  readonly namespace?: string;
  /** The objects that this one belongs to; when all are gone, it is removed. */
  readonly ownerReferences?: readonly OwnerReference[];
  /** The version of the object, for detecting changes by others; opaque. */
  readonly resourceVersion: string;
  /** No longer used. */
  readonly selfLink?: string;
  /** The identity of the object in time and space; set by the server. */
  readonly uid: string;
}

/** An object that owns this one. */
export interface OwnerReference {
  /** The group and version of the owner. */
  readonly apiVersion: string;
  /** Whether a foreground deletion of the owner waits for this object. */
  readonly blockOwnerDeletion?: boolean;
  /** Whether the owner manages this object; at most one does. */
  readonly controller?: boolean;
  /** The kind of the owner. */
  readonly kind: string;
  /** The name of the owner. */
  readonly name: string;
  /** The uid of the owner. */
  readonly uid: string;
}

/** What must hold for a deletion to be carried out. */
export interface Preconditions {
  /** The version that the object must have. */
  readonly resourceVersion?: string;
  /** The uid that the object must have. */
  readonly uid?: string;
}

export interface ShardInfo {
  readonly selector: string;
}

/** The outcome of a request that returns no object. */
export interface Status {
  /** The HTTP status. */
  readonly code?: number;
  /** More on the reason. */
  readonly details?: StatusDetails;
  /** A sentence for people. */
  readonly message?: string;
  readonly metadata?: ListMeta;
  /** One word for programs. */
  readonly reason?: string;
  /** Success or Failure. */
  readonly status?: string;
}

export interface StatusCause {
  readonly field?: string;
  readonly message?: string;
  readonly reason?: string;
}

export interface StatusDetails {
  readonly causes?: readonly StatusCause[];
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly retryAfterSeconds?: number;
  readonly uid?: string;
}

/** The metadata of an object that lives in a namespace. */
export interface NamespacedObjectMeta extends ObjectMeta {
  readonly namespace: string;
}
