export { abortError, onAbort, throwIfAborted } from './abort.ts';
export { assert, InvariantError, unreachable } from './assert.ts';
export { Backoff, type BackoffOptions, backoffMs } from './backoff.ts';
export { type Clock, microTimestamp, realClock, type Timer, timestamp } from './clock.ts';
export { type DeadlineOptions, withDeadline } from './deadline.ts';
export { DecisionLog, type LoggedDecision } from './decision-log.ts';
export { deepFreeze } from './deep-freeze.ts';
export { errnoOf, isAbort, messageOf, TimeoutError, UsageError } from './errors.ts';
export {
  type Exec,
  ExecError,
  type ExecOptions,
  type ExecResult,
  killGroup,
  realExec,
  type SpawnedProcess,
  type SpawnOptions,
  spawnProcess,
} from './exec.ts';
export { exists, type Fs, ifExists, realFs, writeFileDurably } from './fs.ts';
export { goQuote } from './go-quote.ts';
export { KeyLock } from './key-lock.ts';
export { createLogger, type LogFields, type Logger, type LogOptions, silentLogger } from './log.ts';
export { makePipes, type Pipe } from './pipe.ts';
export { nameSuffix, type Random, realRandom, seededRandom } from './random.ts';
export { shellCommand, shellQuote } from './shell-quote.ts';
export { VirtualClock } from './virtual-clock.ts';
export { type WatchDirectory, watchDirectory } from './watch-directory.ts';
