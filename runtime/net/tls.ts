/** Certificates from files, as a context that a listener can exchange while it runs. */
import { readFileSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';

export interface TlsFiles {
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
  /** Authorities whose client certificates are accepted, PEM. */
  readonly ca?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** Throws an Error that names the configuration key at fault, `<prefix>.cert` for instance. */
export function loadSecureContext(files: TlsFiles, prefix: string): SecureContext {
  const cert = read(files.cert, `${prefix}.cert`);
  const key = read(files.key, `${prefix}.key`);
  const ca = files.ca === undefined ? undefined : read(files.ca, `${prefix}.ca`);
  const { passphrase } = files;
  try {
    return createSecureContext({ cert, key, ca, passphrase, minVersion: 'TLSv1.2' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${prefix}: certificate and key cannot be used (${why}); check ${prefix}.cert, .key and .passphrase`,
    );
  }
}

function read(path: string, configKey: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${configKey}: ${why}; name a readable PEM file or disable tls`);
  }
}
