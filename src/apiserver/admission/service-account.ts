/**
 * Pods run under a service account and are given its token, where the namespace has one: until a service account
 * `default` exists, pods that name none are left alone. Upstream: plugin/serviceaccount.
 */
import {
  type Container,
  configMaps,
  type Pod,
  type PodSpec,
  type ServiceAccount,
  serviceAccounts,
  type Volume,
} from '../../api/index.ts';
import { nameSuffix, type Random } from '../../base/index.ts';
import { forbidden } from '../auth/authorizer.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';

const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
const rootCaConfigMap = 'kube-root-ca.crt';
/** An hour and seven seconds: kubelets renew well before, and the odd number tells these tokens apart. */
const tokenExpirationSeconds = 3607;

export function serviceAccount(reader: ObjectReader, random: Random): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: (verb, { name }, subresource) => verb === 'create' && name === 'pods' && subresource === undefined,
    async admit({ object, namespace, name, resource }) {
      const pod = object as Pod;
      if (!pod.spec || !namespace) return pod;
      const named = pod.spec.serviceAccountName;
      const account = await reader.get(serviceAccounts, named || 'default', namespace);
      if (!account) {
        if (!named) return pod;
        const detail = `error looking up service account ${namespace}/${named}: serviceaccount "${named}" not found`;
        throw forbidden(resource.type, name, detail);
      }
      const accountName = account.metadata.name;
      const spec = { ...pod.spec, serviceAccountName: accountName, serviceAccount: accountName };
      const wantsToken = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
      const rootCa = wantsToken ? await reader.get(configMaps, rootCaConfigMap, namespace) : undefined;
      return { ...pod, spec: withPullSecrets(rootCa ? withToken(spec, random) : spec, account) };
    },
  };
}

function withPullSecrets(spec: PodSpec, account: ServiceAccount): PodSpec {
  const secrets = account.imagePullSecrets ?? [];
  return spec.imagePullSecrets?.length || secrets.length === 0 ? spec : { ...spec, imagePullSecrets: secrets };
}

function withToken(spec: PodSpec, random: Random): PodSpec {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const volume = existing ?? tokenVolume(volumePrefix + nameSuffix(random));
  let isMounted = false;
  const mounted = <T extends Container>(container: T): T => {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((mount) => mount.mountPath === tokenMountPath)) return container;
    isMounted = true;
    const mount = { name: volume.name, mountPath: tokenMountPath, readOnly: true };
    return { ...container, volumeMounts: [...mounts, mount] };
  };
  const containers = spec.containers.map(mounted);
  const initContainers = spec.initContainers?.map(mounted);
  if (!isMounted) return spec;
  return {
    ...spec,
    containers,
    ...(initContainers ? { initContainers } : {}),
    volumes: existing ? (spec.volumes ?? []) : [...(spec.volumes ?? []), volume],
  };
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenExpirationSeconds } },
        { configMap: { name: rootCaConfigMap, items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}
