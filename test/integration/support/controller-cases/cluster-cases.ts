/** Work for what keeps a cluster in order. */
import {
  configMaps,
  endpointSlices,
  endpoints,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
} from '../../../../src/api/index.ts';
import * as controllers from '../../../../src/controllers/index.ts';
import type { ControlPlane } from '../control-plane.ts';
import { nodeDraft } from '../objects.ts';
import { at, type ControllerCases, createPodOn, ensureNode } from './controller-case.ts';

const createService = ({ client }: ControlPlane, name: string) =>
  client.create(services, { metadata: at(name), spec: { selector: { app: name }, ports: [{ port: 80 }] } });
const createNamespace = ({ client }: ControlPlane, name: string) =>
  client.create(namespaces, { metadata: { name }, spec: {} });

const nodeCases: ControllerCases = {
  'the node lifecycle controller': {
    start: controllers.startNodeLifecycleController,
    setUp: ({ client }, name) => client.create(nodes, nodeDraft(name)),
    isDone: async (plane, name) =>
      (await plane.get(nodes, { name }))?.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/unreachable') ??
      false,
  },
  'the taint eviction controller': {
    start: controllers.startTaintEvictionController,
    async setUp(plane, name) {
      await ensureNode(plane, { ...nodeDraft('n1'), spec: { taints: [{ key: 'gone', effect: 'NoExecute' }] } });
      await createPodOn(plane, name, 'n1');
    },
    isDone: async (plane, name) => (await plane.get(pods, at(name)))?.metadata.deletionTimestamp !== undefined,
  },
  'the pod garbage collector': {
    start: controllers.startPodGarbageCollector,
    setUp: (plane, name) => createPodOn(plane, name, 'nowhere'),
    isDone: async (plane, name) => (await plane.get(pods, at(name))) === undefined,
  },
};

const namespaceCases: ControllerCases = {
  'the namespace controller': {
    start: controllers.startNamespaceController,
    async setUp(plane, name) {
      await createNamespace(plane, name);
      await plane.client.create(configMaps, { metadata: { namespace: name, name: 'm' } });
      await plane.client.delete(namespaces, { name });
    },
    isDone: async (plane, name) => (await plane.get(namespaces, { name })) === undefined,
  },
  'the service account controller': {
    start: controllers.startServiceAccountController,
    setUp: createNamespace,
    isDone: async (plane, name) =>
      (await plane.get(serviceAccounts, { namespace: name, name: 'default' })) !== undefined,
  },
  'the publisher of the root certificate': {
    start: (options) => controllers.startRootCaPublisher({ ...options, rootCa: 'PEM' }),
    setUp: createNamespace,
    isDone: async (plane, name) =>
      (await plane.get(configMaps, { namespace: name, name: 'kube-root-ca.crt' })) !== undefined,
  },
};

export const clusterCases: ControllerCases = {
  ...nodeCases,
  ...namespaceCases,
  'the resource quota controller': {
    start: controllers.startResourceQuotaController,
    setUp: ({ client }, name) => client.create(resourceQuotas, { metadata: at(name), spec: { hard: { pods: '1' } } }),
    isDone: async (plane, name) => (await plane.get(resourceQuotas, at(name)))?.status?.used?.pods === '0',
  },
  'the garbage collector': {
    start: controllers.startGarbageCollector,
    setUp: ({ client }, name) => {
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Secret', name: 'never-there', uid: `uid-of-${name}` }];
      return client.create(secrets, { metadata: { ...at(name), ownerReferences } });
    },
    isDone: async (plane, name) => (await plane.get(secrets, at(name))) === undefined,
  },
  'the service account token controller': {
    start: (options) => controllers.startServiceAccountTokenController({ ...options, rootCa: 'PEM' }),
    async setUp({ client }, name) {
      await client.create(serviceAccounts, { metadata: at(name) });
      const annotations = { 'kubernetes.io/service-account.name': name };
      const type = 'kubernetes.io/service-account-token';
      await client.create(secrets, { metadata: { ...at(name), annotations }, type });
    },
    isDone: async (plane, name) => (await plane.get(secrets, at(name)))?.data?.token !== undefined,
  },
  'the endpoints controller': {
    start: controllers.startEndpointsController,
    setUp: createService,
    isDone: async (plane, name) => (await plane.get(endpoints, at(name))) !== undefined,
  },
  'the endpoint slice controller': {
    start: controllers.startEndpointSliceController,
    setUp: createService,
    isDone: async (plane, name) =>
      (await plane.client.list(endpointSlices)).items.some(
        ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
      ),
  },
  'the disruption controller': {
    start: controllers.startDisruptionController,
    setUp: ({ client }, name) =>
      client.create(podDisruptionBudgets, {
        metadata: at(name),
        spec: { minAvailable: 1, selector: { matchLabels: { app: name } } },
      }),
    isDone: async (plane, name) => (await plane.get(podDisruptionBudgets, at(name)))?.status?.observedGeneration === 1,
  },
};
