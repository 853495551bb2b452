/**
 * Provisions a volume for a claim through a plugin of this process. The volume's name comes from the claim's uid, and
 * so does what the plugin makes: a repeated attempt finds what an earlier one left.
 * Upstream: pv_controller.go provisionClaimOperation.
 */

import {
  type Draft,
  isAlreadyExists,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
  type StorageClass,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { ifFound } from '../../client/index.ts';
import {
  annBoundByController,
  annDynamicallyProvisioned,
  annSelectedNode,
  claimReference,
  getClaimClass,
  inTreeVolumeFinalizer,
} from '../../component-helpers/index.ts';
import { type ControllerPlugin, finalError } from '../../volume-plugins/index.ts';
import { type BinderContext, writeClaim } from './binder-context.ts';
import { decideClaim } from './decide-claim.ts';
import {
  cleanupFailed,
  mountOptionsNotSupported,
  notSaved,
  onlyCsiHasDataSources,
  provisioned,
  provisioningFailed,
} from './messages.ts';
import { nameProvisioner } from './name-provisioner.ts';
import { claimWorld } from './sync-claim.ts';

/** Upstream's: how often the volume's object is tried to be written, or its storage to be removed when that failed. */
const attempts = 5;
const attemptIntervalMs = 10_000;

type Provisionable = ControllerPlugin & Required<Pick<ControllerPlugin, 'provision'>>;

export async function provisionClaim(context: BinderContext, key: string, signal: AbortSignal): Promise<void> {
  try {
    await provision(context, key, signal);
  } catch (thrown) {
    context.metrics.operationFailed(key);
    throw thrown;
  }
}

async function provision(context: BinderContext, key: string, signal: AbortSignal): Promise<void> {
  const claim = context.claims.get(key);
  if (!claim) return;
  const decision = decideClaim(claim, claimWorld(context));
  if (decision.kind !== 'provisionInTree') return;
  const plugin = context.provisioners.plugins.getProvisionable(decision.storageClass.provisioner);
  if (claim.spec.dataSource !== undefined || claim.spec.dataSourceRef !== undefined) {
    return fail(context, claim, onlyCsiHasDataSources(plugin.name));
  }
  const asked = await nameProvisioner(context, claim, decision.storageClass.provisioner, signal);
  const name = `pvc-${asked.metadata.uid}`;
  if (await ifFound(context.client.get(persistentVolumes, { name }, { signal }))) {
    return await plugin.intents?.forget(asked.metadata.uid);
  }
  const refusal = await whyRefused(context, asked, decision.storageClass, plugin, signal);
  if (refusal !== undefined) return fail(context, asked, refusal);
  const made = await provisionStorage(context, asked, decision.storageClass, plugin, signal);
  await save(context, asked, plugin, made, signal);
}

/** Why it is not even tried. */
async function whyRefused(
  { client }: BinderContext,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  plugin: Provisionable,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { mountOptions = [] } = storageClass;
  if (!plugin.supportsMountOption && mountOptions.length > 0) {
    return mountOptionsNotSupported(storageClass.metadata.name, mountOptions);
  }
  if (plugin.provisioningDisabled) {
    return `Failed to create provisioner: provisioning in volume plugin "${plugin.name}" is disabled`;
  }
  const nodeName = claim.metadata.annotations?.[annSelectedNode];
  if (nodeName !== undefined && !(await ifFound(client.get(nodes, { name: nodeName }, { signal })))) {
    return `Failed to get target node: node "${nodeName}" not found`;
  }
  return undefined;
}

function fail(context: BinderContext, claim: PersistentVolumeClaim, message: string): never {
  context.announcer.announce(claim, provisioningFailed(message));
  throw finalError(message);
}

async function provisionStorage(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  plugin: Provisionable,
  signal: AbortSignal,
): Promise<Draft<PersistentVolume>> {
  const reclaimPolicy = storageClass.reclaimPolicy ?? 'Delete';
  const volumeName = `pvc-${claim.metadata.uid}`;
  try {
    const draft = await plugin.provision({ claim, volumeName, reclaimPolicy });
    return ownedBy(claim, plugin, draft);
  } catch (thrown) {
    // Whoever wrote the claim in the meantime knows better; the failure is told all the same.
    await forgetSelectedNode(context, claim, signal).catch(() => {});
    const { name } = storageClass.metadata;
    return fail(context, claim, `Failed to provision volume with StorageClass "${name}": ${messageOf(thrown)}`);
  }
}

/** What is the same for every plugin: whose the volume is, and who deletes it. */
function ownedBy(
  claim: PersistentVolumeClaim,
  plugin: Provisionable,
  draft: Draft<PersistentVolume>,
): Draft<PersistentVolume> {
  const annotations = {
    ...draft.metadata.annotations,
    [annBoundByController]: 'yes',
    [annDynamicallyProvisioned]: plugin.name,
  };
  const isDeleted = draft.spec.persistentVolumeReclaimPolicy === 'Delete';
  return {
    ...draft,
    metadata: { ...draft.metadata, annotations, ...(isDeleted ? { finalizers: [inTreeVolumeFinalizer] } : {}) },
    spec: { ...draft.spec, claimRef: claimReference(claim), storageClassName: getClaimClass(claim) },
  };
}

/** Another node may do better: the scheduler chooses again. */
async function forgetSelectedNode(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  signal: AbortSignal,
): Promise<void> {
  const { [annSelectedNode]: node, ...annotations } = claim.metadata.annotations ?? {};
  if (node === undefined) return;
  await writeClaim(context, { ...claim, metadata: { ...claim.metadata, annotations } }, signal);
}

async function save(
  context: BinderContext,
  claim: PersistentVolumeClaim,
  plugin: Provisionable,
  draft: Draft<PersistentVolume>,
  signal: AbortSignal,
): Promise<void> {
  const name = draft.metadata.name ?? '';
  const error = await severalTimes(context, signal, async () => {
    try {
      await context.client.create(persistentVolumes, draft, { signal });
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
    }
  });
  if (error === undefined) {
    await plugin.intents?.forget(claim.metadata.uid);
    const { type, reason, message } = provisioned(name, plugin.name);
    context.recorder.event(claim, type, reason, message);
    return;
  }
  // An answer may have been lost: the storage of a volume that was written after all must not go. Upstream's would.
  if (await ifFound(context.client.get(persistentVolumes, { name }, { signal }))) return;
  const claimKey = `${claim.metadata.namespace}/${claim.metadata.name}`;
  context.announcer.announce(claim, notSaved(claimKey, messageOf(error)));
  const unsaved = { ...draft, apiVersion: 'v1', kind: 'PersistentVolume' } as PersistentVolume;
  const left = await severalTimes(context, signal, async () => await plugin.delete?.(unsaved));
  if (left !== undefined) context.announcer.announce(claim, cleanupFailed(claimKey, messageOf(left)), 'cleanup');
  throw error;
}

/** Answers with the last error when no attempt succeeded. */
async function severalTimes(
  { clock }: BinderContext,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<unknown> {
  let last: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await clock.sleep(attemptIntervalMs, signal);
    try {
      await work();
      return undefined;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      last = thrown;
    }
  }
  return last;
}
