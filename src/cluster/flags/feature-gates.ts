/**
 * `--feature-gates` as Kubernetes' components take it: which features are on, and what is to be told about those that
 * were set. Upstream: component-base/featuregate/feature_gate.go.
 */
import { assert, type Logger, UsageError } from '../../base/index.ts';
import type { MetricsRegistry } from '../../metrics/index.ts';
import type { Flag } from './flag-table.ts';
import { isBool, parseBool } from './values.ts';

/** As the metric spells them; '' is GA. */
export type GateStage = 'ALPHA' | 'BETA' | '' | 'DEPRECATED';

export interface GateSpec {
  readonly stage: GateStage;
  readonly byDefault: boolean;
  readonly locked: boolean;
  /** What the gate is to this program: a switch, something that it always does, or something that it never does. */
  readonly effect: 'switch' | 'always' | 'none';
}

/** By name. */
export type KnownGates = ReadonlyMap<string, GateSpec>;

/** These set every gate of their stage that is not named itself. */
const special: KnownGates = new Map([
  ['AllAlpha', { stage: 'ALPHA', byDefault: false, locked: false, effect: 'switch' }],
  ['AllBeta', { stage: 'BETA', byDefault: false, locked: false, effect: 'switch' }],
]);

export class FeatureGates {
  readonly #known: KnownGates;
  readonly #given: ReadonlyMap<string, boolean>;

  constructor(known: KnownGates, given: ReadonlyMap<string, boolean>) {
    this.#known = new Map([...special, ...known]);
    this.#given = given;
    this.#check();
  }

  isEnabled(name: string): boolean {
    const spec = this.#known.get(name);
    assert(spec, `there is no feature gate ${name}`);
    if (spec.effect === 'always') return true;
    return this.#given.get(name) ?? this.#givenForAll(name, spec) ?? spec.byDefault;
  }

  #givenForAll(name: string, { stage }: GateSpec): boolean | undefined {
    if (special.has(name)) return undefined;
    if (stage === 'ALPHA') return this.#given.get('AllAlpha');
    return stage === 'BETA' ? this.#given.get('AllBeta') : undefined;
  }

  #check(): void {
    const problems: string[] = [];
    for (const [name, value] of this.#given) {
      const spec = this.#known.get(name);
      if (!spec) {
        problems.push(`unrecognized feature gate: ${name}`);
        break;
      }
      const { locked, byDefault } = spec;
      if (locked && value !== byDefault)
        problems.push(`cannot set feature gate ${name} to ${value}, feature is locked to ${byDefault}`);
    }
    if (problems.length > 0) throw new UsageError(problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`);
  }

  /** One line for all that was set in vain, and one for each gate that Kubernetes will not have for long. */
  tell(logger: Logger): void {
    const inVain: string[] = [];
    for (const [name, value] of this.#given) {
      const { stage, effect } = this.#known.get(name) ?? {};
      if (effect === 'none' || (effect === 'always' && !value)) inVain.push(`${name}=${value}`);
      if (stage === '' || stage === 'DEPRECATED')
        logger.warn('a feature gate will be removed in a future release', { gate: name, value });
    }
    if (inVain.length > 0) logger.info('feature gates without effect', { gates: inVain.join(',') });
  }

  /** What is never done here has no series: none that says that it is on. */
  record(metrics: MetricsRegistry): void {
    const enabled = metrics.gauge({
      name: 'kubernetes_feature_enabled',
      help: '[BETA] This metric records the data about the stage and enablement of a k8s feature.',
      labels: ['name', 'stage'],
    });
    for (const [name, { stage, effect }] of this.#known)
      if (effect !== 'none') enabled.set(this.isEnabled(name) ? 1 : 0, [name, stage]);
  }
}

/** Upstream takes the name of the component before each gate. */
const componentPrefix = /^kube:/;

/** `A=true,B=false`. Throws a UsageError with upstream's words. */
export function parseFeatureGates(known: KnownGates, text: string): FeatureGates {
  const given = new Map<string, boolean>();
  for (const part of text.split(',')) {
    if (part === '') continue;
    const [written = '', ...values] = part.split('=');
    const name = written.trim().replace(componentPrefix, '');
    if (values.length === 0) throw new UsageError(`missing bool value for ${name}`);
    const value = values.join('=').trim();
    if (!isBool(value)) {
      const problem = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
      throw new UsageError(`invalid value of ${name}=${value}, err: ${problem}`);
    }
    given.set(name, parseBool(value));
  }
  return new FeatureGates(known, given);
}

/** How the command line knows that values given again add up. */
export const gatesValue = 'A=true,B=false';

export function featureGates(known: KnownGates): Flag<FeatureGates> {
  const switches = [...known].flatMap(([name, { effect, stage, byDefault }]) =>
    effect === 'switch' ? [`${name} (${stage || 'GA'}, default ${byDefault})`] : [],
  );
  const others = 'those of upstream are known and change nothing here';
  const help =
    switches.length === 0 ? others : `features to switch: ${switches.join(', ')}; other than these ${others}`;
  const parse = (text: string) => parseFeatureGates(known, text);
  return { fallback: parse(''), parse, value: gatesValue, help };
}
