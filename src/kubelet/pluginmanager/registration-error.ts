/** A plugin that is not registered, with the reason that the plugin itself is told. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';
}
