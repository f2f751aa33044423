/** A DNS server on loopback (RFC 1035, RFC 2782 for SRV): answers over UDP what the test put in, to whoever asks. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

const TYPES = { 1: 'a', 28: 'aaaa', 33: 'srv' } as const;
const HEADER_BYTES = 12;

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
}

export class DnsServer {
  /** `a name`, `aaaa name` or `srv name`, to what is there. A name that is absent does not exist. */
  readonly records = new Map<string, readonly (string | SrvRecord)[]>();
  readonly asked: string[] = [];
  /** Hears and says nothing. */
  isSilent = false;
  readonly #socket: Socket = createSocket('udp4');

  static async start(t: TestContext): Promise<DnsServer> {
    const server = new DnsServer();
    server.#socket.on('message', (query, { port, address }) => {
      const answer = server.#answer(query);
      if (!server.isSilent) server.#socket.send(answer, port, address);
    });
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    t.after(() => server.#socket.close());
    return server;
  }

  /** As `Resolver.setServers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(query: Buffer): Buffer {
    const { name, end } = readName(query, HEADER_BYTES);
    const type = query.readUInt16BE(end) as keyof typeof TYPES;
    const question = `${TYPES[type]} ${name}`;
    this.asked.push(question);
    const found = this.records.get(question);
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(found === undefined ? 0x8583 : 0x8580, 2); // an answer with authority; 3: no such name
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found?.length ?? 0, 6);
    header.writeUInt32BE(0, 8);
    const answers = (found ?? []).map((record) => answerOf(type, dataOf(type, record)));
    return Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...answers]);
  }
}

function readName(from: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = from[at]!; length > 0; length = from[at]!) {
    labels.push(from.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** Of the name that was asked for (a pointer to it), for a second. */
function answerOf(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(1, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(type: keyof typeof TYPES, record: string | SrvRecord): Buffer {
  if (typeof record !== 'string') {
    const head = Buffer.alloc(6); // priority and weight 0
    head.writeUInt16BE(record.port, 4);
    const labels = record.name.split('.').map((label) => Buffer.from(`\0${label}`, 'ascii'));
    for (const label of labels) label[0] = label.length - 1;
    return Buffer.concat([head, ...labels, Buffer.alloc(1)]);
  }
  if (type === 1) return Buffer.from(record.split('.').map(Number));
  // All eight groups are written out.
  return Buffer.from(
    record
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );
}
