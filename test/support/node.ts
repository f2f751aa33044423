/**
 * A whole node in this process, on ports of its own, with `realm1` open to anonymous. The one place that knows how
 * a node is configured and started.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { after, before } from 'node:test';
import type { NodeHandle } from './start.ts';
import { startTestNode } from './start.ts';
import type { Details, Urls } from './raw-client.ts';
import { RawClient } from './raw-client.ts';
import type { Wire } from './wire.ts';
import { RAWSOCKET_MSGPACK } from './wire.ts';

export interface TestNode {
  readonly urls: Urls;
  readonly handle: NodeHandle;
  /** An open transport without a session; gone when the test ends. */
  connect(t: TestContext, wire: Wire): Promise<RawClient>;
  /** A session; gone when the test ends. */
  join(t: TestContext, wire: Wire, details?: Details, realm?: string): Promise<RawClient>;
  /** Fails unless somebody new can join and is answered. */
  expectHealthy(t: TestContext): Promise<void>;
}

/** One node for all tests of the file that calls this. */
export function useTestNode(overrides: Readonly<Record<string, string>> = {}): TestNode {
  let running: NodeHandle | undefined;
  before(async () => {
    running = await startTestNode(overrides);
  });
  after(async () => {
    const crashes = running?.crashes();
    await running?.stop();
    assert.deepEqual(crashes, [], 'no actor of the node crashed');
  });

  const handle = (): NodeHandle => {
    assert(running, 'the node is started before the first test');
    return running;
  };
  return {
    get urls() {
      return handle().urls;
    },
    get handle() {
      return handle();
    },
    async connect(t, wire) {
      const client = await RawClient.connect(handle().urls, wire);
      t.after(() => client.destroy());
      return client;
    },
    async join(t, wire, details, realm) {
      return (await this.connect(t, wire)).join(details, realm);
    },
    async expectHealthy(t) {
      await (await this.join(t, RAWSOCKET_MSGPACK)).expectNothing();
    },
  };
}
