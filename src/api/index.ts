export type * from './meta/request.ts';
export * from './meta/resource-type.ts';
export * from './meta/status.ts';
export * from './resources.ts';
export type * from './types.ts';
