/** What a session may know of its TLS connection: both ends see the same, and no certificate is believed unverified. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { TransportInfo } from '../../../runtime/net/connection.ts';
import { alternativeNames } from '../../../runtime/net/tls-peer.ts';
import { loadSecureContext } from '../../../runtime/net/tls.ts';
import { certificateFiles, FIRST, SECOND } from '../../support/certificates.ts';
import { rawSocketServer } from '../../support/net.ts';

const SHAKE = Buffer.from([0x7f, 0xf1, 0, 0]);

/** A server that accepts what FIRST has signed, which is FIRST. */
async function open(
  t: TestContext,
  client: ConnectionOptions,
  requestCert = true,
): Promise<{ info: TransportInfo; client: TLSSocket; port: number }> {
  const files = certificateFiles(t, FIRST);
  const secureContext = loadSecureContext({ ...files, ca: files.cert }, 'wamp.tls');
  const server = await rawSocketServer(t, {}, { secureContext, requestCert });
  const socket = await dial(t, server.port, client);
  const connection = await server.connections.next();
  return { info: connection.info, client: socket, port: server.port };
}

async function dial(t: TestContext, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.write(SHAKE);
  await once(socket, 'data');
  return socket;
}

describe('channel bindings', () => {
  test('tls-exporter is the same at both ends', async (t) => {
    const { info, client } = await open(t, { minVersion: 'TLSv1.3' });
    const theirs = client.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    assert.deepEqual(Buffer.from(info.channel!('tls-exporter')!), theirs);
    assert.equal(info.channel!('tls-unique'), undefined, 'there is none in TLS 1.3');
  });

  test('tls-unique is the first Finished of TLS 1.2', async (t) => {
    const { info, client } = await open(t, { maxVersion: 'TLSv1.2' });
    assert.deepEqual(Buffer.from(info.channel!('tls-unique')!), client.getFinished());
    assert.equal(info.channel!('tls-exporter'), undefined);
  });

  test('tls-server-end-point is the hash of the certificate', async (t) => {
    const { info, client } = await open(t, {});
    const { raw } = client.getPeerCertificate();
    const hash = createHash('sha256').update(raw).digest();
    assert.deepEqual(Buffer.from(info.channel!('tls-server-end-point')!), hash);
  });
});

describe("a client's certificate", () => {
  test('is believed when an accepted authority has signed it', async (t) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { info } = await open(t, { ...FIRST, minVersion: version, maxVersion: version });
      assert.deepEqual(info.certificate, { commonName: 'localhost', names: ['localhost'] });
    }
  });

  test('is nothing when nobody accepted has signed it, or there is none, or it is not asked for', async (t) => {
    assert.equal((await open(t, { ...SECOND })).info.certificate, undefined);
    assert.equal((await open(t, {})).info.certificate, undefined);
    assert.equal((await open(t, { ...FIRST }, false)).info.certificate, undefined);
  });

  test('is known of a resumed session too, and clients without one may resume', async (t) => {
    for (const shown of [FIRST, {}]) {
      const files = certificateFiles(t, FIRST);
      const secureContext = loadSecureContext({ ...files, ca: files.cert }, 'wamp.tls');
      const server = await rawSocketServer(t, {}, { secureContext, requestCert: true });
      const options = { ...shown, maxVersion: 'TLSv1.2' as const };
      const first = await dial(t, server.port, options);
      await server.connections.next();
      const second = await dial(t, server.port, { ...options, session: first.getSession() });
      assert(second.isSessionReused());
      const { info } = await server.connections.next();
      assert.equal(info.certificate?.commonName, shown === FIRST ? 'localhost' : undefined);
      assert.deepEqual(Buffer.from(info.channel!('tls-unique')!), second.getPeerFinished());
    }
  });

  test('names that could be read in two ways are nobody', () => {
    assert.deepEqual(alternativeNames('DNS:a.b, email:joe@x.y, URI:urn:z, IP Address:127.0.0.1'), [
      'a.b',
      'joe@x.y',
      'urn:z',
    ]);
    assert.deepEqual(alternativeNames('DNS:"evil, DNS:good"'), []);
    assert.deepEqual(alternativeNames(undefined), []);
  });
});
