/**
 * What both ends of a TLS connection know and nobody in between: channel bindings (RFC 5929, RFC 9266), and the client's
 * certificate. Asked for when a session opens; nothing is kept.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ChannelBinding, ClientCertificate, TransportInfo } from './connection.ts';

/** What a session may know of a socket; nothing of one without TLS. */
export function tlsPeer(socket: Socket): Pick<TransportInfo, 'channel' | 'certificate'> {
  if (!(socket instanceof TLSSocket)) return {};
  return { channel: channelOf(socket), certificate: clientCertificateOf(socket) };
}

export function channelOf(socket: TLSSocket): (binding: ChannelBinding) => Uint8Array | undefined {
  return (binding) => {
    switch (binding) {
      case 'tls-unique':
        return firstFinished(socket);
      case 'tls-server-end-point':
        return endPoint(socket);
      case 'tls-exporter':
        return exported(socket);
    }
  };
}

/** Undefined: none, or no accepted authority has signed it. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (!isVerified(socket)) return undefined;
  const { subject, subjectaltname } = socket.getPeerCertificate();
  // `{}` when there is none.
  if (!subject) return undefined;
  const commonName: unknown = subject.CN;
  return {
    // A subject with several names is nobody in particular.
    commonName: typeof commonName === 'string' ? commonName : undefined,
    names: alternativeNames(subjectaltname),
  };
}

/**
 * Node says `authorized` only of sockets that its own TLS server accepted; ours are wrapped by hand, after a PROXY header
 * perhaps. What it asks is asked here, and a Node without it verifies nobody.
 */
function isVerified(socket: TLSSocket): boolean {
  const { _handle: handle } = socket as unknown as {
    readonly _handle?: { readonly verifyError?: () => unknown } | null;
  };
  return typeof handle?.verifyError === 'function' && !handle.verifyError();
}

/**
 * `DNS:one.example, email:joe@example.com, URI:urn:x`. Values with a quote are written by Node in JSON, with commas inside:
 * those are nobody's name, and a certificate with one has none.
 */
export function alternativeNames(text: string | undefined): readonly string[] {
  if (text === undefined || text.includes('"')) return [];
  return text
    .split(', ')
    .map((each) => /^(?:DNS|email|URI):(.+)$/.exec(each)?.[1])
    .filter((name) => name !== undefined);
}

/** Not of TLS 1.3, which has no such thing; of a resumed session it is ours. */
function firstFinished(socket: TLSSocket): Uint8Array | undefined {
  if (socket.getProtocol() !== 'TLSv1.2') return undefined;
  const finished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
  return finished && new Uint8Array(finished);
}

function endPoint(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getCertificate();
  const raw = certificate && 'raw' in certificate ? certificate.raw : undefined;
  return raw && new Uint8Array(createHash(hashOf(raw)).update(raw).digest());
}

/** Label and empty context of RFC 9266. */
function exported(socket: TLSSocket): Uint8Array | undefined {
  // Without the extended master secret of TLS 1.2 it would not be unique.
  if (socket.getProtocol() !== 'TLSv1.3') return undefined;
  return new Uint8Array(
    socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
  );
}

/** The hash of the certificate's signature; MD5 and SHA-1 count as SHA-256 (RFC 5929, 4.1). */
function hashOf(certificate: Buffer): 'sha256' | 'sha384' | 'sha512' {
  const algorithm = certificate.subarray(signatureAlgorithmAt(certificate));
  for (const [oid, hash] of SIGNATURES) if (algorithm.indexOf(oid) === 0) return hash;
  return 'sha256';
}

/** RSA and ECDSA. */
const SIGNATURES: readonly (readonly [Buffer, 'sha384' | 'sha512'])[] = [
  [Buffer.from('06092a864886f70d01010c', 'hex'), 'sha384'],
  [Buffer.from('06092a864886f70d01010d', 'hex'), 'sha512'],
  [Buffer.from('06082a8648ce3d040303', 'hex'), 'sha384'],
  [Buffer.from('06082a8648ce3d040304', 'hex'), 'sha512'],
];

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, … }, … } in DER. */
function signatureAlgorithmAt(certificate: Buffer): number {
  const outer = contentOf(certificate, 0);
  const signed = contentOf(certificate, outer.start);
  return contentOf(certificate, signed.end).start;
}

function contentOf(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  let length = 0;
  for (let i = 0; i < bytes; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  return { start: at + 2 + bytes, end: at + 2 + bytes + length };
}
