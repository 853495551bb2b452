export { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
export { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './store/sqlite-store.ts';
export type { Store } from './store/store.ts';
