import { accessModesOf, type VolumeSpec } from '../volume-spec.ts';

export interface FsGroupQuestion {
  readonly spec: VolumeSpec;
  readonly fsGroup: number | undefined;
  /** CSIDriver.spec.fsGroupPolicy; ReadWriteOnceWithFSType when absent. */
  readonly policy: string | undefined;
  readonly fsType: string;
  readonly readOnly: boolean;
}

/** Whether the agent gives the volume's files to fsGroup. Upstream: csi_mounter.go supportsFSGroup. */
export function shouldApplyFsGroup({ spec, fsGroup, policy, fsType, readOnly }: FsGroupQuestion): boolean {
  if (fsGroup === undefined || readOnly || policy === 'None') return false;
  if (policy === 'File') return true;
  if (fsType === '') return false;
  if (spec.kind === 'inline') return true;
  return accessModesOf(spec).some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
}
