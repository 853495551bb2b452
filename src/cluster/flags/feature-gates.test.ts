import { describe, expect, it } from 'vitest';
import { createLogger, UsageError } from '../../base/index.ts';
import { MetricsRegistry } from '../../metrics/index.ts';
import { type FeatureGates, featureGates, parseFeatureGates } from './feature-gates.ts';
import { kubernetesGates } from './kubernetes-gates.ts';
import { sidecarGates, snapshotControllerGates } from './sidecar-gates.ts';

const parse = (text: string) => parseFeatureGates(kubernetesGates, text);
const unused = 'PersistentVolumeClaimUnusedSinceTime';
const scoring = 'StorageCapacityScoring';

describe('feature gates', () => {
  it.each<[string, string, string, boolean]>([
    ['is off by default when it is alpha', '', unused, false],
    ['is on by default when it is GA', '', 'VolumeAttributesClass', true],
    ['is on by default when it is beta', '', 'WatchListClient', true],
    ['is on when it is said so', `${unused}=true`, unused, true],
    ['is off when it is said so', `${unused}=false`, unused, false],
    ['is what was said last', `${unused}=true,${unused}=false`, unused, false],
    ['may be written with spaces', ` ${unused} = true `, unused, true],
    ['may be written with the component', `kube:${unused}=true`, unused, true],
    ['may be written as Go writes truth', `${unused}=T`, unused, true],
    ['does not mind commas too many', `,${unused}=1,`, unused, true],
    ['says nothing of the others', `${unused}=true`, scoring, false],
    ['is on with all alphas', 'AllAlpha=true', unused, true],
    ['keeps its own word before all alphas', `AllAlpha=true,${unused}=false`, unused, false],
    ['keeps its own word after all alphas', `${unused}=false,AllAlpha=true`, unused, false],
    ['that is alpha does not mind all betas', 'AllBeta=true', unused, false],
    ['is on with all betas when it is beta', 'AllBeta=true', 'SELinuxMount', true],
    ['is off without all betas when it is beta', 'AllBeta=false', 'WatchListClient', false],
    ['that is GA does not mind all betas', 'AllBeta=false', 'VolumeAttributesClass', true],
    ['is locked to what it may be set to', 'VolumeAttributesClass=true', 'VolumeAttributesClass', true],
    ['that is locked to false may be set to it', 'GitRepoVolumeDriver=false', 'GitRepoVolumeDriver', false],
    ['for all alphas is off by default', '', 'AllAlpha', false],
    ['for all alphas can be asked for', 'AllAlpha=true', 'AllAlpha', true],
    ['for what is always done cannot be off', 'VolumeLimitScaling=false', 'VolumeLimitScaling', true],
  ])('a gate %s', (_title, text, name, expected) => {
    expect(parse(text).isEnabled(name)).toBe(expected);
  });

  it.each([
    ['Mine=true', 'unrecognized feature gate: Mine'],
    ['allAlpha=true', 'unrecognized feature gate: allAlpha'],
    ['=true', 'unrecognized feature gate: '],
    ['wardle:Mine=true', 'unrecognized feature gate: wardle:Mine'],
    [unused, `missing bool value for ${unused}`],
    [`${unused}=`, `invalid value of ${unused}=, err: strconv.ParseBool: parsing "": invalid syntax`],
    [`${unused}=maybe`, `invalid value of ${unused}=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax`],
    [`Mine=a=b`, 'invalid value of Mine=a=b, err: strconv.ParseBool: parsing "a=b": invalid syntax'],
    ['ImageVolume=false', 'cannot set feature gate ImageVolume to false, feature is locked to true'],
    ['GitRepoVolumeDriver=true', 'cannot set feature gate GitRepoVolumeDriver to true, feature is locked to false'],
    [
      'ImageVolume=false,AnyVolumeDataSource=false',
      '[cannot set feature gate ImageVolume to false, feature is locked to true, ' +
        'cannot set feature gate AnyVolumeDataSource to false, feature is locked to true]',
    ],
    [
      'ImageVolume=false,Mine=true,AnyVolumeDataSource=false',
      '[cannot set feature gate ImageVolume to false, feature is locked to true, unrecognized feature gate: Mine]',
    ],
  ])('are refused as upstream refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(new UsageError(message));
  });

  it.each(['DynamicResourceAllocation', 'SidecarContainers', 'CSIServiceAccountTokenSecrets', 'HonorPVReclaimPolicy'])(
    'of Kubernetes 1.36 include %s, locked',
    (name) => {
      expect(() => parse(`${name}=true`)).not.toThrow();
      expect(() => parse(`${name}=false`)).toThrow('feature is locked to true');
    },
  );

  it('are told of once when they change nothing, and each when it will go', () => {
    const told = (gates: FeatureGates) => {
      const lines: string[] = [];
      gates.tell(createLogger({ format: 'json', verbosity: 2, write: (line) => lines.push(line) }));
      return lines.map((line) => {
        const { msg, gate, gates: vain } = JSON.parse(line);
        return [msg, gate ?? vain];
      });
    };
    expect(told(parse(`${unused}=true,${scoring}=false,VolumeLimitScaling=true,AllAlpha=true`))).toEqual([]);
    expect(told(parse('GangScheduling=true,SELinuxMount=false,VolumeLimitScaling=false'))).toEqual([
      ['feature gates without effect', 'GangScheduling=true,SELinuxMount=false,VolumeLimitScaling=false'],
    ]);
    expect(told(parse('VolumeAttributesClass=true,KMSv1=true'))).toEqual([
      ['a feature gate will be removed in a future release', 'VolumeAttributesClass'],
      ['a feature gate will be removed in a future release', 'KMSv1'],
      ['feature gates without effect', 'KMSv1=true'],
    ]);
  });

  it('are shown as metrics, but for what is never done here', async () => {
    const metrics = new MetricsRegistry();
    parse(`${unused}=true,GangScheduling=true`).record(metrics);
    const shown = await metrics.print();
    expect(shown).toContain(`kubernetes_feature_enabled{name="${unused}",stage="ALPHA"} 1\n`);
    expect(shown).toContain(`kubernetes_feature_enabled{name="${scoring}",stage="ALPHA"} 0\n`);
    expect(shown).toContain('kubernetes_feature_enabled{name="VolumeAttributesClass",stage=""} 1\n');
    expect(shown).toContain('kubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 0\n');
    expect(shown).not.toContain('GangScheduling');
    expect(shown).not.toContain('SELinux');
  });

  it('that switch something are named by the help', () => {
    const { help, fallback } = featureGates(kubernetesGates);
    expect(help).toContain(`${unused} (ALPHA, default false), ${scoring} (ALPHA, default false)`);
    expect(fallback.isEnabled(unused)).toBe(false);
  });
});

describe('the gates of the sidecars', () => {
  it.each(['Topology=false', 'CSIVolumeGroupSnapshot=true,ReleaseLeaderElectionOnExit=true', 'AnnotateFsResize=true'])(
    'are known to the one process that is all of them: %s',
    (text) => {
      expect(() => parseFeatureGates(sidecarGates, text)).not.toThrow();
    },
  );

  it('are not those of others', () => {
    expect(() => parseFeatureGates(sidecarGates, `${unused}=true`)).toThrow(`unrecognized feature gate: ${unused}`);
    expect(() => parseFeatureGates(snapshotControllerGates, 'Topology=true')).toThrow(
      'unrecognized feature gate: Topology',
    );
    expect(parseFeatureGates(sidecarGates, 'Topology=false').isEnabled('Topology')).toBe(false);
  });
});
