import { messageOf } from '../../base/index.ts';

/** A plugin failed, as opposed to refused: `running PreBind plugin "VolumeBinding": ...`, as upstream words it. */
export class PluginError extends Error {
  override readonly name = 'PluginError';

  constructor(point: string, plugin: string, cause: unknown) {
    super(`running ${point} plugin "${plugin}": ${messageOf(cause)}`, { cause });
  }
}
