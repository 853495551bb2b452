import { describe, expect, it } from 'vitest';
import { NodeInfo } from '../cache/node-info.ts';
import { PodInfo } from '../cache/pod-info.ts';
import { NodeMemo } from './node-memo.ts';
import { makeNode, makePod } from './testing/neighbours.ts';

describe('NodeMemo', () => {
  it('[U1] answers anew only when the node or its pods have changed', () => {
    const memo = new NodeMemo<number>();
    const node = new NodeInfo(makeNode('n1'));
    let asked = 0;
    const ask = () => memo.about('pods', ({ pods }) => ++asked && pods.size)(node);
    expect([ask(), ask()]).toEqual([0, 0]);
    expect(asked).toBe(1);
    const pod = new PodInfo(makePod({}, 'n1'));
    node.addPod(pod);
    expect([ask(), ask()]).toEqual([1, 1]);
    node.setNode(makeNode('n1', { zone: 'a' }));
    node.removePod(pod.uid);
    expect(ask()).toBe(0);
    expect(asked).toBe(3);
  });

  it('[U1] keeps nodes and questions apart, and forgets the oldest question', () => {
    const memo = new NodeMemo<string>();
    const [first, second] = [new NodeInfo(makeNode('n1')), new NodeInfo(makeNode('n2'))];
    const asked: string[] = [];
    const ask = (question: string, node: NodeInfo) =>
      memo.about(question, ({ name }) => {
        asked.push(question);
        return `${question} ${name}`;
      })(node);
    expect([ask('a', first), ask('a', second), ask('b', first)]).toEqual(['a n1', 'a n2', 'b n1']);
    for (let i = 0; i < 32; i++) ask(`other ${i}`, first);
    asked.length = 0;
    ask('other 31', first);
    ask('a', first);
    expect(asked).toEqual(['a']);
  });
});
