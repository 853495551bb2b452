/**
 * Keeps this node's object and its lease current. It owns node.status except volumesAttached, which belongs to the
 * attach/detach controller: every write is a patch of the fields that are ours. Volumes in use are reported at once,
 * because nothing may rely on an attachment before they are.
 */
import { arch, availableParallelism, hostname, machine, release, totalmem } from 'node:os';
import {
  type Draft,
  isAlreadyExists,
  isNotFound,
  leases,
  type Node,
  type NodeCondition,
  type NodeStatus,
  nodes,
} from '../api/index.ts';
import {
  type Clock,
  type Fs,
  ifExists,
  isAbort,
  type Logger,
  messageOf,
  microTimestamp,
  timestamp,
} from '../base/index.ts';
import type { Client } from '../client/index.ts';
import { annControllerManagedAttach, labelHostname } from '../component-helpers/index.ts';

export interface NodeStatusOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly fs: Fs;
  readonly logger: Logger;
  readonly nodeName: string;
  /** Where the API server and pods reach this node. */
  readonly nodeIp: string;
  readonly kubeletPort: number;
  readonly rootDir: string;
  readonly runtimeVersion: string;
  /** Whether the attach/detach controller attaches volumes to this node; true unless said otherwise. */
  readonly controllerAttachDetach?: boolean;
  /** Sorted names for status.volumesInUse; undefined while they are not known yet, and then nothing is written. */
  readonly volumesInUse: () => readonly string[] | undefined;
  /** Told the names that the API server holds now. */
  readonly onReported: (names: readonly string[]) => void;
  /** Why the node cannot run pods yet; undefined when it can. */
  readonly notReadyReason: () => string | undefined;
}

/** Upstream's nodeStatusReportFrequency: an unchanged status is written this often. */
const statusPeriodMs = 5 * 60_000;
/** Upstream's nodeLeaseDurationSeconds and a quarter of it. */
const leaseDurationSeconds = 40;
const leasePeriodMs = 10_000;
const retryMs = 1000;
const podLimit = '110';
const version = 'v1.36.0';
const leaseNamespace = 'kube-node-lease';

export class NodeStatusManager implements AsyncDisposable {
  readonly #options: NodeStatusOptions;
  readonly #stop = new AbortController();
  readonly #registered = Promise.withResolvers<Node>();
  #running: Promise<unknown> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #annotated = false;
  #lastWritten: string | undefined;
  #lastWrittenMs = 0;

  constructor(options: NodeStatusOptions) {
    this.#options = options;
    this.#registered.promise.catch(() => {});
  }

  /** The node's object as it was registered. */
  get registered(): Promise<Node> {
    return this.#registered.promise;
  }

  start(): void {
    this.#running = Promise.all([this.#keepStatus(), this.#keepLease()]);
  }

  /** Something that the status tells has changed: write it now. */
  changed(): void {
    this.#wake.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#registered.reject(this.#stop.signal.reason);
    await this.#running;
  }

  async #keepStatus(): Promise<void> {
    const { clock, logger, nodeName } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      try {
        await this.#sync(signal);
        await Promise.race([this.#wake.promise, clock.sleep(statusPeriodMs, signal)]);
      } catch (thrown) {
        if (signal.aborted || isAbort(thrown)) return;
        logger.warn('node status not written', { node: nodeName, error: messageOf(thrown) });
        await clock.sleep(retryMs, signal).catch(() => {});
      }
    }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { client, clock, nodeName, onReported } = this.#options;
    const node = (await this.#read(signal)) ?? (await this.#register(signal));
    await this.#ensureAnnotation(node, signal);
    this.#registered.resolve(node);
    const inUse = this.#options.volumesInUse();
    const status = await this.#status(node, inUse);
    // Heartbeats alone do not make a status worth writing before its time.
    const fingerprint = JSON.stringify([status, node.metadata.uid], (key, value) =>
      key === 'lastHeartbeatTime' ? '' : value,
    );
    const due = clock.now() - this.#lastWrittenMs >= statusPeriodMs;
    if (fingerprint !== this.#lastWritten || due) {
      const patch = { type: 'strategic', body: { status } } as const;
      await client.patch(nodes, { name: nodeName }, patch, { subresource: 'status', signal });
      this.#lastWritten = fingerprint;
      this.#lastWrittenMs = clock.now();
    }
    if (inUse) onReported(inUse);
  }

  async #read(signal: AbortSignal): Promise<Node | undefined> {
    const { client, nodeName } = this.#options;
    try {
      return await client.get(nodes, { name: nodeName }, { signal });
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  get #isControllerManaged(): boolean {
    return this.#options.controllerAttachDetach ?? true;
  }

  /** Once: a node that was registered by an earlier run may say something else about who attaches its volumes. */
  async #ensureAnnotation({ metadata }: Node, signal: AbortSignal): Promise<void> {
    if (this.#annotated) return;
    const wanted = this.#isControllerManaged ? 'true' : null;
    if ((metadata.annotations?.[annControllerManagedAttach] ?? null) !== wanted) {
      const body = { metadata: { annotations: { [annControllerManagedAttach]: wanted } } };
      await this.#options.client.patch(nodes, { name: metadata.name }, { type: 'merge', body }, { signal });
    }
    this.#annotated = true;
  }

  async #register(signal: AbortSignal): Promise<Node> {
    const { client, nodeName } = this.#options;
    const goArch = arch() === 'x64' ? 'amd64' : arch();
    const labels = {
      'beta.kubernetes.io/arch': goArch,
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': goArch,
      'kubernetes.io/os': 'linux',
      [labelHostname]: nodeName,
    };
    const annotations = this.#isControllerManaged ? { [annControllerManagedAttach]: 'true' } : {};
    const draft: Draft<Node> = { metadata: { name: nodeName, labels, annotations }, spec: {} };
    try {
      return await client.create(nodes, draft, { signal });
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return client.get(nodes, { name: nodeName }, { signal });
      throw thrown;
    }
  }

  async #status(node: Node, inUse: readonly string[] | undefined): Promise<NodeStatus> {
    const { nodeIp, nodeName, kubeletPort } = this.#options;
    const resources = await this.#resources();
    return {
      addresses: [
        { type: 'InternalIP', address: nodeIp },
        { type: 'Hostname', address: nodeName },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: this.#conditions(node),
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      nodeInfo: await this.#nodeInfo(),
      ...(inUse ? { volumesInUse: inUse } : {}),
    };
  }

  async #resources(): Promise<Record<string, string>> {
    const { fs, rootDir } = this.#options;
    const disk = await ifExists(fs.statfs(rootDir));
    return {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      pods: podLimit,
      ...(disk ? { 'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki` } : {}),
    };
  }

  #conditions(node: Node): NodeCondition[] {
    const now = timestamp(this.#options.clock);
    const condition = (type: string, status: string, reason: string, message: string): NodeCondition => {
      const known = node.status?.conditions?.find((other) => other.type === type);
      const since = known?.status === status ? (known.lastTransitionTime ?? now) : now;
      return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since };
    };
    const problem = this.#options.notReadyReason();
    return [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      problem === undefined
        ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
        : condition('Ready', 'False', 'KubeletNotReady', problem),
    ];
  }

  async #nodeInfo(): Promise<NonNullable<NodeStatus['nodeInfo']>> {
    const { fs, runtimeVersion } = this.#options;
    const read = async (path: string) => (await ifExists(fs.readFile(path, 'utf8')))?.trim() ?? '';
    const osRelease = await read('/etc/os-release');
    const machineId = (await read('/etc/machine-id')) || hostname();
    return {
      architecture: machine() === 'x86_64' ? 'amd64' : machine(),
      bootID: await read('/proc/sys/kernel/random/boot_id'),
      containerRuntimeVersion: runtimeVersion,
      kernelVersion: release(),
      kubeProxyVersion: '',
      kubeletVersion: version,
      machineID: machineId,
      operatingSystem: 'linux',
      osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'Linux',
      systemUUID: machineId,
    };
  }

  async #keepLease(): Promise<void> {
    const { clock, logger, nodeName } = this.#options;
    const { signal } = this.#stop;
    let renewedAtMs = clock.monotonic();
    while (!signal.aborted) {
      try {
        await this.#renewLease(await this.registered, signal);
        // While nobody heard of this node, its conditions may have been declared unknown.
        if (clock.monotonic() - renewedAtMs > leaseDurationSeconds * 1000) this.changed();
        renewedAtMs = clock.monotonic();
        await clock.sleep(leasePeriodMs, signal);
      } catch (thrown) {
        if (signal.aborted || isAbort(thrown)) return;
        logger.warn('node lease not renewed', { node: nodeName, error: messageOf(thrown) });
        await clock.sleep(retryMs, signal).catch(() => {});
      }
    }
  }

  async #renewLease(node: Node, signal: AbortSignal): Promise<void> {
    const { client, clock, nodeName } = this.#options;
    const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime: microTimestamp(clock) };
    try {
      await client.patch(
        leases,
        { namespace: leaseNamespace, name: nodeName },
        { type: 'merge', body: { spec } },
        { signal },
      );
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid };
      const metadata = { namespace: leaseNamespace, name: nodeName, ownerReferences: [owner] };
      await client.create(leases, { metadata, spec }, { signal });
    }
  }
}
