import assert from 'node:assert/strict';
import test from 'node:test';
import { orderForLoading } from '../../plan/load-order.ts';

const V4L2 = new Map([
  ['v4l2loopback', ['videodev', 'v4l2_common']],
  ['videodev', ['mc']],
  ['v4l2_common', ['videodev', 'mc']],
  ['mc', []],
  ['unrelated', ['mc']],
]);

test('orderForLoading() puts each module after what it needs, and brings nothing else', () => {
  assert.deepEqual(orderForLoading(V4L2, ['v4l2loopback']), [
    'mc',
    'videodev',
    'v4l2_common',
    'v4l2loopback',
  ]);
});

test('orderForLoading() keeps the order of what is wanted where needs allow it', () => {
  assert.deepEqual(orderForLoading(V4L2, ['unrelated', 'v4l2_common', 'mc']), [
    'mc',
    'unrelated',
    'videodev',
    'v4l2_common',
  ]);
});

test('orderForLoading() ignores names that nobody knows', () => {
  const needs = new Map([
    ['a', ['gone', 'b']],
    ['b', ['toString']],
  ]);

  assert.deepEqual(orderForLoading(needs, ['a', '__proto__']), ['b', 'a']);
});

test('orderForLoading() breaks circles', () => {
  const needs = new Map([
    ['a', ['b']],
    ['b', ['c', 'b']],
    ['c', ['a']],
  ]);

  assert.deepEqual(orderForLoading(needs, ['a']), ['c', 'b', 'a']);
  assert.deepEqual(orderForLoading(needs, ['c', 'a']), ['b', 'a', 'c']);
});

test('orderForLoading() follows a chain of any length', () => {
  const length = 100_000;
  const needs = new Map(
    Array.from({ length }, (_, at): [string, string[]] => [`m${at}`, [`m${at + 1}`]]),
  );

  const order = orderForLoading(needs, ['m0']);

  assert.equal(order.length, length);
  assert.deepEqual([order[0], order.at(-1)], [`m${length - 1}`, 'm0']);
});
