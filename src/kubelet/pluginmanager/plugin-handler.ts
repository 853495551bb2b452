/** What the plugin manager hands a plugin of one type to, once it has introduced itself. */
export interface PluginRegistration {
  readonly name: string;
  /** Unix socket that serves the plugin. */
  readonly endpoint: string;
  readonly versions: readonly string[];
}

export interface PluginHandler {
  /** Throws a RegistrationError when the plugin is not acceptable. */
  validate(plugin: PluginRegistration): void;
  /** Takes the plugin into use. Rejects when that failed; then nothing of it is left in use. */
  register(plugin: PluginRegistration, signal: AbortSignal): Promise<void>;
  /** Takes the plugin out of use. */
  deregister(name: string, signal: AbortSignal): Promise<void>;
}
