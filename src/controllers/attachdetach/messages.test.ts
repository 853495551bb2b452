import { describe, expect, it } from 'vitest';
import { testPod } from '../common/test-objects.ts';
import { attachFailed, attachSucceeded, attachTimedOut, multiAttachError } from './messages.ts';

const here = testPod('b');
const local = testPod('a');
const local2 = testPod('c');
const foreign = testPod('x', {}, { meta: { namespace: 'other' } });
const text = (...pods: (typeof here)[]) => multiAttachError('v', here, pods).message;

describe('the multi-attach error', () => {
  it.each([
    [
      '[D5] of a volume without pods',
      text(),
      'Multi-Attach error for volume "v" Volume is already exclusively attached to one node and can\'t be attached to another',
    ],
    [
      '[D5] names pods of the namespace',
      text(local, local2),
      'Multi-Attach error for volume "v" Volume is already used by pod(s) a, c',
    ],
    [
      '[D5] [rel-J3] counts pods of other namespaces',
      text(local, foreign),
      'Multi-Attach error for volume "v" Volume is already used by pod(s) a and 1 pod(s) in different namespaces',
    ],
    [
      '[D5] [rel-J3] never names them',
      text(foreign, foreign),
      'Multi-Attach error for volume "v" Volume is already used by 2 pod(s) in different namespaces',
    ],
  ])('%s', (_title, message, expected) => {
    expect(message).toBe(expected);
  });

  it('[D6] [D8] stands beside the other texts', () => {
    expect(attachSucceeded('v')).toEqual({
      type: 'Normal',
      reason: 'SuccessfulAttachVolume',
      message: 'AttachVolume.Attach succeeded for volume "v" ',
    });
    expect(attachFailed('v', attachTimedOut('d', 'h'))).toEqual({
      type: 'Warning',
      reason: 'FailedAttachVolume',
      message:
        'AttachVolume.Attach failed for volume "v" : timed out waiting for external-attacher of d CSI driver to attach volume h',
    });
  });
});
