// Generated from schema/*.api by `npm run generate:api`. Do not edit.
export const descriptions: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
 "apiextensions.v1": {},
 "apps.v1": {},
 "authentication.v1": {},
 "authorization.v1": {},
 "autoscaling.v1": {},
 "batch.v1": {},
 "coordination.v1": {},
 "core.v1": {},
 "discovery.v1": {},
 "events.v1": {},
 "meta.v1": {},
 "policy.v1": {},
 "rbac.v1": {},
 "scheduling.v1": {},
 "storage.v1": {}
};
