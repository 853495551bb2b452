/** The ports of a node that pods have taken. Upstream: HostPortInfo. */
import type { Pod } from '../../api/index.ts';

export interface HostPort {
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
}

const anyAddress = '0.0.0.0';

/** The ports that the pod's containers and sidecars take on the node itself. */
export function podHostPorts(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  const sidecars = pod.spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  for (const container of [...sidecars, ...pod.spec.containers]) {
    for (const { protocol, hostIP, hostPort } of container.ports ?? []) {
      if (hostPort) ports.push({ protocol: protocol || 'TCP', ip: hostIP || anyAddress, port: hostPort });
    }
  }
  return ports;
}

export class UsedPorts {
  /** How often each address is taken, by protocol and port. */
  readonly #taken = new Map<string, Map<string, number>>();

  add(ports: readonly HostPort[]): void {
    for (const { protocol, ip, port } of ports) {
      const key = `${protocol}/${port}`;
      const addresses = this.#taken.get(key) ?? new Map<string, number>();
      addresses.set(ip, (addresses.get(ip) ?? 0) + 1);
      this.#taken.set(key, addresses);
    }
  }

  remove(ports: readonly HostPort[]): void {
    for (const { protocol, ip, port } of ports) {
      const key = `${protocol}/${port}`;
      const addresses = this.#taken.get(key);
      const left = (addresses?.get(ip) ?? 0) - 1;
      if (left > 0) addresses?.set(ip, left);
      else addresses?.delete(ip);
      if (addresses?.size === 0) this.#taken.delete(key);
    }
  }

  /** Whether another pod holds the port: on the same address, or either of them on all. */
  conflicts({ protocol, ip, port }: HostPort): boolean {
    const addresses = this.#taken.get(`${protocol}/${port}`);
    if (!addresses) return false;
    return ip === anyAddress || addresses.has(ip) || addresses.has(anyAddress);
  }

  clone(): UsedPorts {
    const copy = new UsedPorts();
    for (const [key, addresses] of this.#taken) copy.#taken.set(key, new Map(addresses));
    return copy;
  }
}
