export {
  type ApiServer,
  type ApiServerOptions,
  type ComponentPages,
  createApiServer,
  type ListenOptions,
} from './api-server.ts';
export type { StaticToken } from './auth/authenticator.ts';
export type { Authorizer } from './auth/authorizer.ts';
export {
  type CertificateRequest,
  createSelfSigned,
  issueCertificate,
  type KeyPair,
} from './auth/certificate-authority.ts';
export { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './store/sqlite-store.ts';
export type { Store, StoreListener } from './store/store.ts';
