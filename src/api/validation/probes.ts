/** Probes and lifecycle handlers of containers. */
import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../gen/core.v1.gen.ts';
import { inclusiveRange, patternMessage } from '../names.ts';
import type { FieldErrors } from './field-error.ts';
import type { FieldPath } from './field-path.ts';

const maxPort = 65_535;
const headerName = '[-A-Za-z0-9]+';
const handlerNames = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

export function validatePort(errors: FieldErrors, path: FieldPath, port: number): void {
  if (port < 1 || port > maxPort) errors.invalid(path, port, inclusiveRange(1, maxPort));
}

/** What is wrong with the name of a port. */
export function checkPortName(name: string): readonly string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push('must be no more than 15 bytes');
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function validatePortOrName(errors: FieldErrors, path: FieldPath, port: number | string | undefined): void {
  if (typeof port === 'string') errors.invalidEach(path, port, checkPortName(port));
  else validatePort(errors, path, port ?? 0);
}

interface Handler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: GRPCAction;
  readonly sleep?: SleepAction;
}

function validateHttpGet(errors: FieldErrors, path: FieldPath, get: HTTPGetAction): void {
  if (!get.path) errors.required(path.child('path'));
  validatePortOrName(errors, path.child('port'), get.port);
  const scheme = get.scheme ?? '';
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.unsupported(path.child('scheme'), scheme, ['HTTP', 'HTTPS']);
  for (const { name = '' } of get.httpHeaders ?? []) {
    if (/^[-A-Za-z0-9]+$/.test(name)) continue;
    const rule = "a valid HTTP header must consist of alphanumeric characters or '-'";
    errors.invalid(path.child('httpHeaders'), name, patternMessage(rule, headerName, 'X-Header-Name'));
  }
}

function validateHandler(
  errors: FieldErrors,
  path: FieldPath,
  handler: Handler,
  gracePeriodSeconds: number | undefined,
): void {
  const [first, ...others] = handlerNames.filter((name) => handler[name] !== undefined);
  if (first === undefined) errors.required(path, 'must specify a handler type');
  for (const other of others) errors.forbidden(path.child(other), 'may not specify more than 1 handler type');
  if (first === 'exec' && !handler.exec?.command?.length) errors.required(path.child('exec', 'command'));
  if (first === 'httpGet' && handler.httpGet) validateHttpGet(errors, path.child('httpGet'), handler.httpGet);
  if (first === 'tcpSocket') validatePortOrName(errors, path.child('tcpSocket', 'port'), handler.tcpSocket?.port);
  if (first === 'grpc') validatePortOrName(errors, path.child('grpc', 'port'), handler.grpc?.port);
  const seconds = handler.sleep?.seconds ?? 0;
  if (first === 'sleep' && gracePeriodSeconds !== undefined && (seconds < 0 || seconds > gracePeriodSeconds)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`;
    errors.invalid(path.child('sleep'), seconds, detail);
  }
}

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

export function validateProbe(
  errors: FieldErrors,
  path: FieldPath,
  probe: Probe,
  kind: ProbeKind,
  gracePeriodSeconds: number | undefined,
): void {
  validateHandler(errors, path, probe, gracePeriodSeconds);
  const times = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  for (const name of times) {
    const value = probe[name] ?? 0;
    if (value < 0) errors.invalid(path.child(name), value, 'must be greater than or equal to 0');
  }
  const grace = probe.terminationGracePeriodSeconds;
  const gracePath = path.child('terminationGracePeriodSeconds');
  if (grace !== undefined && grace <= 0) errors.invalid(gracePath, grace, 'must be greater than 0');
  if (kind === 'readinessProbe') {
    if (grace !== undefined) errors.invalid(gracePath, grace, 'must not be set for readinessProbes');
  } else if ((probe.successThreshold ?? 1) !== 1) {
    errors.invalid(path.child('successThreshold'), probe.successThreshold, 'must be 1');
  }
}

export function validateLifecycle(
  errors: FieldErrors,
  path: FieldPath,
  lifecycle: Lifecycle,
  gracePeriodSeconds: number | undefined,
): void {
  const { postStart, preStop } = lifecycle;
  if (postStart) validateHandler(errors, path.child('postStart'), postStart, gracePeriodSeconds);
  if (preStop) validateHandler(errors, path.child('preStop'), preStop, gracePeriodSeconds);
}
