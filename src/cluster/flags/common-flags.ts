/** What the flags of upstream's components have in common. */
import { featureGates } from './feature-gates.ts';
import { bool, duration, file, type IdleFlags, integer, list, number, oneOf, text } from './flag-table.ts';
import { kubernetesGates } from './kubernetes-gates.ts';

export const connectionFlags = {
  kubeconfig: file('the API server to work with (default: KUBECONFIG, or the cluster this runs in)'),
  master: text('', 'the address of the API server, in place of the one in the kubeconfig'),
  'kube-api-qps': number(
    0,
    'requests per second; 0: as many as the server takes, which answers 429 when it is too much',
  ),
  'kube-api-burst': integer(0, 'requests at once above that rate; 0: twice the rate'),
};

export const leaderElectionFlags = (resourceName: string) => ({
  'leader-elect': bool(true, 'work only while holding the lease'),
  'leader-elect-lease-duration': duration('15s', 'how long others wait for a silent leader', { above: 0 }),
  'leader-elect-renew-deadline': duration('10s', 'when a leader that cannot renew its lease gives up', { above: 0 }),
  'leader-elect-retry-period': duration('2s', 'between renewals, and between tries to become the leader', { above: 0 }),
  'leader-elect-resource-lock': oneOf(['leases'], 'leases', 'what is held'),
  'leader-elect-resource-name': text(resourceName, 'the name of the lease'),
  'leader-elect-resource-namespace': text('kube-system', 'where the lease is kept'),
});

export const servingFlags = (port: number) => ({
  'bind-address': text('0.0.0.0', 'the address that health, metrics and decisions are served on'),
  'secure-port': integer(port, 'their port; 0: none', { atLeast: 0, atMost: 65_535 }),
  'tls-cert-file': file('what to serve with (default: a certificate signed by itself)'),
  'tls-private-key-file': file('its key'),
  'client-ca-file': file('the authority of clients that show a certificate'),
  'authentication-kubeconfig': file('the API server that is asked who a token belongs to (default: --kubeconfig)'),
  'authorization-kubeconfig': file('the API server that is asked what a client may do (default: --kubeconfig)'),
  'authorization-always-allow-paths': list(['/healthz', '/readyz', '/livez'], 'paths that everybody may get'),
  'authentication-skip-lookup': bool(false, 'ask nobody about tokens'),
});

export const loggingFlags = {
  'logging-format': oneOf(['text', 'json'], 'text', 'how log lines are written'),
  v: integer(2, 'how much to log', { atLeast: 0, atMost: 10 }),
};

/** Of the components of Kubernetes itself. */
export const gatesFlag = { 'feature-gates': featureGates(kubernetesGates) };

/** Of every component. */
export const idleCommonFlags = {
  'profiles are taken with the tools of Node.js': {
    profiling: bool(true, 'ignored'),
    'contention-profiling': bool(false, 'ignored'),
  },
  'requests are JSON over HTTP/1.1': {
    'kube-api-content-type': text('', 'ignored'),
    'http2-max-streams-per-connection': integer(0, 'ignored'),
  },
  'who serves behind a proxy is asked by token or certificate': {
    'requestheader-client-ca-file': file('ignored'),
    'requestheader-allowed-names': list([], 'ignored'),
    'requestheader-extra-headers-prefix': list([], 'ignored'),
    'requestheader-group-headers': list([], 'ignored'),
    'requestheader-username-headers': list([], 'ignored'),
    'requestheader-uid-headers': list([], 'ignored'),
    'authentication-tolerate-lookup-failure': bool(false, 'ignored'),
  },
  'answers about clients are kept for 10 s': {
    'authentication-token-webhook-cache-ttl': duration('10s', 'ignored'),
    'authorization-webhook-cache-authorized-ttl': duration('10s', 'ignored'),
    'authorization-webhook-cache-unauthorized-ttl': duration('10s', 'ignored'),
  },
  'certificates signed by itself are kept in memory': { 'cert-dir': file('ignored') },
  'TLS 1.2 and above with the ciphers of Node.js': {
    'tls-min-version': text('', 'ignored'),
    'tls-cipher-suites': list([], 'ignored'),
    'tls-curve-preferences': list([], 'ignored'),
    'tls-sni-cert-key': text('', 'ignored'),
    'disable-http2-serving': bool(false, 'ignored'),
    'permit-address-sharing': bool(false, 'ignored'),
    'permit-port-sharing': bool(false, 'ignored'),
  },
  'log lines are written at once, to standard error': {
    vmodule: text('', 'ignored'),
    'log-flush-frequency': duration('5s', 'ignored'),
    'log-json-split-stream': bool(false, 'ignored'),
    'log-json-info-buffer-size': text('', 'ignored'),
    'log-text-split-stream': bool(false, 'ignored'),
    'log-text-info-buffer-size': text('', 'ignored'),
  },
  'every metric is always shown': {
    'show-hidden-metrics-for-version': text('', 'ignored'),
    'disabled-metrics': list([], 'ignored'),
    'allow-metric-labels': text('', 'ignored'),
    'allow-metric-labels-manifest': file('ignored'),
  },
  'the version is that of the program': {
    'emulated-version': text('', 'ignored'),
    'emulation-forward-compatible': bool(false, 'ignored'),
  },
} satisfies IdleFlags;
