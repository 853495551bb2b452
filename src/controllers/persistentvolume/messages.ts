/** What the binder tells users, word for word as Kubernetes does. Upstream: pkg/controller/volume/events/event.go. */

export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export const noVolumeAndNoClass: ObjectEvent = {
  type: 'Normal',
  reason: 'FailedBinding',
  message: 'no persistent volumes available for this claim and no storage class is set',
};

export function boundToAnotherClaim(volumeName: string): ObjectEvent {
  const message = `volume "${volumeName}" already bound to a different claim.`;
  return { type: 'Warning', reason: 'FailedBinding', message };
}

export function cannotBindToRequested(volumeName: string, why: string): ObjectEvent {
  const message = `Cannot bind to requested volume "${volumeName}": ${why}`;
  return { type: 'Warning', reason: 'VolumeMismatch', message };
}

export function claimModeMismatch(volumeName: string): ObjectEvent {
  const message = `Cannot bind PersistentVolume "${volumeName}" to requested PersistentVolumeClaim due to incompatible volumeMode.`;
  return { type: 'Warning', reason: 'VolumeMismatch', message };
}

export function volumeModeMismatch(claimName: string): ObjectEvent {
  const message = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claimName}" due to incompatible volumeMode.`;
  return { type: 'Warning', reason: 'VolumeMismatch', message };
}

/** Of a claim whose class waits for a pod: which pods exist already and have no node. */
export function waitingForConsumer(unscheduledPods: readonly string[]): ObjectEvent {
  if (unscheduledPods.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    return { type: 'Normal', reason: 'WaitForFirstConsumer', message };
  }
  const pods = `${unscheduledPods.length === 1 ? 'pod' : 'pods'} ${unscheduledPods.join(',')}`;
  return { type: 'Normal', reason: 'WaitForPodScheduled', message: `waiting for ${pods} to be scheduled` };
}

export function waitingForProvisioner(provisioner: string): ObjectEvent {
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
    'or manually by the system administrator. If volume creation is delayed, ' +
    'please verify that the provisioner is running and correctly registered.';
  return { type: 'Normal', reason: 'ExternalProvisioning', message };
}

export function provisioningFailed(message: string): ObjectEvent {
  return { type: 'Warning', reason: 'ProvisioningFailed', message };
}

export function onlyCsiHasDataSources(pluginName: string): string {
  return `plugin "${pluginName}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource`;
}

export function mountOptionsNotSupported(className: string, mountOptions: readonly string[]): string {
  const refusal = `Mount options are not supported by the provisioner but StorageClass "${className}"`;
  return `${refusal} has mount options [${mountOptions.join(' ')}]`;
}

export function provisioned(volumeName: string, pluginName: string): ObjectEvent {
  const message = `Successfully provisioned volume ${volumeName} using ${pluginName}`;
  return { type: 'Normal', reason: 'ProvisioningSucceeded', message };
}

export function notSaved(claimKey: string, error: string): ObjectEvent {
  return provisioningFailed(
    `Error creating provisioned PV object for claim ${claimKey}: ${error}. Deleting the volume.`,
  );
}

export function cleanupFailed(claimKey: string, error: string): ObjectEvent {
  const message = `Error cleaning provisioned volume for claim ${claimKey}: ${error}. Please delete manually.`;
  return { type: 'Warning', reason: 'ProvisioningCleanupFailed', message };
}

export function classNotFound(name: string): ObjectEvent {
  return provisioningFailed(`storageclass.storage.k8s.io "${name}" not found`);
}

export const lostReference: ObjectEvent = {
  type: 'Warning',
  reason: 'ClaimLost',
  message: 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
};

export const lostVolume: ObjectEvent = {
  type: 'Warning',
  reason: 'ClaimLost',
  message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
};

export const misbound: ObjectEvent = {
  type: 'Warning',
  reason: 'ClaimMisbound',
  message: 'Two claims are bound to the same volume, this one is bound incorrectly',
};

export const unknownReclaimPolicy: ObjectEvent = {
  type: 'Warning',
  reason: 'VolumeUnknownReclaimPolicy',
  message: 'Volume has unrecognized PersistentVolumeReclaimPolicy',
};

export const noRecycler: ObjectEvent = {
  type: 'Warning',
  reason: 'VolumeFailedRecycle',
  message: 'No recycler plugin found for the volume!',
};

export function recycleFailed(why: string): ObjectEvent {
  return { type: 'Warning', reason: 'VolumeFailedRecycle', message: `Recycle failed: ${why}` };
}

export const recycled: ObjectEvent = { type: 'Normal', reason: 'VolumeRecycled', message: 'Volume recycled' };

export function usedByPods(podKeys: readonly string[]): string {
  return `Volume is used by pods: ${podKeys.join(',')}`;
}

/** The volume is recycled later: nothing has failed. */
export function recycleWaits(message: string): ObjectEvent {
  return { type: 'Normal', reason: 'VolumeFailedRecycle', message };
}

/** The volume is deleted later: nothing has failed. */
export function deletionWaits(message: string): ObjectEvent {
  return { type: 'Normal', reason: 'VolumeDelete', message };
}

export function deleteFailed(message: string): ObjectEvent {
  return { type: 'Warning', reason: 'VolumeFailedDelete', message };
}
