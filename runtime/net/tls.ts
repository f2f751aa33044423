/** Certificates from files, as a context that a listener can exchange while it runs. */
import { readFileSync } from 'node:fs';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';

export interface TlsFiles {
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
  /** Authorities whose client certificates are accepted, PEM. */
  readonly ca?: string | undefined;
  readonly passphrase?: string | undefined;
}

/**
 * Throws an Error that names the configuration keys at fault. `section` is the prefix that certfile, keyfile and
 * passphrase have there.
 */
export function loadSecureContext(files: TlsFiles, section: string): SecureContext {
  return createSecureContext(loadTlsOptions(files, section));
}

/** The same, as servers of node take it. */
export function loadTlsOptions(files: TlsFiles, section: string): SecureContextOptions {
  const cert = read(files.cert, `${section}.certfile`);
  const key = read(files.key, `${section}.keyfile`);
  const ca = files.ca === undefined ? undefined : read(files.ca, `${section}.cacertfile`);
  const { passphrase } = files;
  const options: SecureContextOptions = {
    cert,
    key,
    ca,
    passphrase,
    minVersion: 'TLSv1.2',
    // Where clients show certificates no session is resumed without it.
    sessionIdContext: section.slice(0, 32),
  };
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${section}: certificate and key cannot be used (${why}); ` +
        `check ${section}.certfile, ${section}.keyfile and ${section}.passphrase`,
    );
  }
}

function read(path: string, configKey: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${configKey}: ${why}; name a readable PEM file, or turn the listener off`);
  }
}
