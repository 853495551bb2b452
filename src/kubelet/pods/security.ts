/** Who a container runs as and what it may do: its own security context over the pod's. Pure. */
import type { Container, Pod } from '../../api/index.ts';
import { containerCapabilities } from '../runtime/process/capabilities.ts';
import type { ContainerSecurity, ContainerUser, ImageInfo } from '../runtime/runtime.ts';
import { ContainerError } from './container-error.ts';

export function containerUser(
  pod: Pod,
  container: Container,
  image: Pick<ImageInfo, 'uid' | 'gid'>,
  extraGroups: readonly number[],
): ContainerUser {
  const common = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const uid = own.runAsUser ?? common.runAsUser ?? image.uid ?? 0;
  const gid = own.runAsGroup ?? common.runAsGroup ?? image.gid ?? 0;
  if ((own.runAsNonRoot ?? common.runAsNonRoot) && uid === 0) {
    throw ContainerError.config('container has runAsNonRoot and image will run as root');
  }
  const fsGroup = common.fsGroup === undefined ? [] : [common.fsGroup];
  const groups = new Set([...(common.supplementalGroups ?? []), ...fsGroup, ...extraGroups]);
  return { uid, gid, supplementalGroups: [...groups] };
}

export function containerSecurity(container: Container): ContainerSecurity {
  const own = container.securityContext ?? {};
  const privileged = own.privileged ?? false;
  return {
    privileged,
    capabilities: containerCapabilities(own.capabilities ?? {}),
    noNewPrivileges: own.allowPrivilegeEscalation === false && !privileged,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
  };
}
