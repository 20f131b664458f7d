/**
 * Task queues: who may do what. On one machine one process serves all; on many, each host serves
 * what it is for, and only the signer's host has the key.
 */
export const CONTROL_QUEUE = 'control';
export const SIGN_QUEUE = 'sign';
export const PUBLISH_QUEUE = 'publish';

/** The queue of builders of an architecture, e.g. `build-x86_64`. */
export function buildQueue(arch: string): string {
  return `build-${arch}`;
}
