/** A node that has links and nothing else, in a process of its own: told by IPC whom to dial and what to answer. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import type { PeerAddress } from '../../actors/links/api.ts';
import type { ServiceName } from '../../runtime/net/peer/port.ts';

export interface PeerCommand {
  readonly kind: 'words';
  readonly service: ServiceName;
}

const PROGRAM = import.meta.url.replace('peer-process', 'peer-program');

export class PeerProcess {
  readonly name: string;
  readonly address: PeerAddress;
  readonly #child: ChildProcess;

  constructor(name: string, child: ChildProcess, address: PeerAddress) {
    this.name = name;
    this.#child = child;
    this.address = address;
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** What one of its services has heard, as in peers.ts. */
  async words(service: ServiceName): Promise<readonly string[]> {
    this.#child.send({ kind: 'words', service } satisfies PeerCommand);
    const [words] = (await once(this.#child, 'message')) as [readonly string[]];
    return words;
  }
}

export async function startPeerProcess(t: TestContext, name: string): Promise<PeerProcess> {
  const child = fork(fileURLToPath(PROGRAM), [name]);
  t.after(() => {
    child.kill('SIGKILL');
    child.kill('SIGCONT');
  });
  const [address] = (await once(child, 'message')) as [PeerAddress];
  return new PeerProcess(name, child, address);
}
