/** Starts a node for a test: everything the suites assume about configuration is here. */
import type { Urls } from './raw-client.ts';

export interface NodeHandle {
  readonly urls: Urls;
  stop(): Promise<void>;
}

export async function startTestNode(
  overrides: Readonly<Record<string, string>> = {},
): Promise<NodeHandle> {
  throw new Error(`waits for supervisors/node.ts (${Object.keys(overrides)})`);
}
