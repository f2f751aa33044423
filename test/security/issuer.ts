/** An issuer of tokens for tests: keys, tokens right and wrong, and its key set over HTTPS on loopback. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { FIRST } from '../support/certificates.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'com.example.shop';

export interface Token {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
}

export class Issuer {
  readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly kid: string;
  /** How often its keys were asked for. */
  asked = 0;

  constructor(kid = 'key-1') {
    this.kid = kid;
  }

  get keySet(): { keys: object[] } {
    const key = this.keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ ...key, kid: this.kid, alg: 'ES256', use: 'sig' }] };
  }

  token({ header = {}, claims = {}, key = this.keys.privateKey }: Token = {}): string {
    const signed = this.unsigned({ header, claims });
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  unsigned({ header = {}, claims = {} }: Token = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 300 };
    const parts = [
      { alg: 'ES256', typ: 'JWT', kid: this.kid, ...header },
      { ...payload, roles: ['staff'], ...claims },
    ];
    return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  }

  /** Signed with what everybody knows: the public key as the secret of an HMAC. */
  confused(): string {
    const pem = this.keys.publicKey.export({ format: 'pem', type: 'spki' });
    const signed = this.unsigned({ header: { alg: 'HS256' } });
    return `${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
  }

  /** Where the keys are; gone with the test. */
  async serve(t: TestContext, { cert, key } = FIRST): Promise<string> {
    const server = createServer({ cert, key }, (_request, response) => {
      this.asked += 1;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(this.keySet));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    return `https://localhost:${(server.address() as AddressInfo).port}/keys`;
  }
}
