/** The volume plugins of the controllers' process, as an operator set them. */
import { type Draft, decodeStruct, type Pod, pods } from '../api/index.ts';
import { type Clock, type Fs, messageOf, UsageError } from '../base/index.ts';
import {
  type ControllerPlugins,
  createControllerPlugins,
  defaultRecyclerTemplate,
  type RecyclerConfig,
} from '../volume-plugins/index.ts';
import type { ControllerSettings, RecyclerSettings } from './controller-settings.ts';

/** Reads the pods that recycle volumes. Throws a UsageError that names the file. */
export async function loadControllerPlugins(
  { hostPathProvisioner, hostPathRecycler, nfsRecycler }: ControllerSettings['binder'],
  host: { readonly fs: Fs; readonly clock: Clock },
): Promise<ControllerPlugins> {
  return createControllerPlugins(host, {
    hostPathProvisioning: hostPathProvisioner,
    hostPathRecycler: await recyclerConfig(host.fs, hostPathRecycler),
    nfsRecycler: await recyclerConfig(host.fs, nfsRecycler),
  });
}

async function recyclerConfig(fs: Fs, { podTemplateFile, ...times }: RecyclerSettings): Promise<RecyclerConfig> {
  const template = podTemplateFile === '' ? defaultRecyclerTemplate : await readPodTemplate(fs, podTemplateFile);
  return { template, ...times };
}

async function readPodTemplate(fs: Fs, path: string): Promise<Draft<Pod>> {
  const { parseDocument } = await import('./yaml.ts');
  try {
    const document = parseDocument(await fs.readFile(path, 'utf8'));
    if (document.errors[0]) throw document.errors[0];
    const { object, unknownFields } = decodeStruct<Pod>('core.v1.Pod', pods, document.toJS());
    if (unknownFields[0] !== undefined) throw new UsageError(`unknown field "${unknownFields[0]}"`);
    if (!object.spec.volumes?.length) throw new UsageError('it has no volume to be replaced by the one to recycle');
    return object;
  } catch (thrown) {
    throw new UsageError(`the pod that recycles volumes: ${path}: ${messageOf(thrown)}`);
  }
}
