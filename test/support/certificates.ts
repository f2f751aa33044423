/** A self-signed certificate for localhost, for tests only; valid until 2126. Made with openssl req -x509. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TlsFiles } from '../../runtime/net/tls.ts';

/** Writes them to files that are gone after the test. */
export function certificateFiles(t: TestContext, { cert, key }: Certificate): TlsFiles {
  const directory = mkdtempSync(join(tmpdir(), 'bondy-tls-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return files;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export const FIRST: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBuzCCAWGgAwIBAgIUIOo4RSaOxxLZCpExC9ACTz1LyrIwCgYIKoZIzj0EAwIw
JDESMBAGA1UEAwwJbG9jYWxob3N0MQ4wDAYDVQQKDAVGSVJTVDAgFw0yNjExMjQy
MTQ5MzBaGA8yMTI2MTAzMTIxNDkzMFowJDESMBAGA1UEAwwJbG9jYWxob3N0MQ4w
DAYDVQQKDAVGSVJTVDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH8gS7A9fXfl
SaXwMwE+6W0uXzHXsIQ9o4jEvoJ6Xet8MXZH6calKXVKkIRSeNEBLwqGL+2f3Ku9
11V1UT/KWpyjbzBtMB0GA1UdDgQWBBQ7w/5j7BdrqG5GqVeR4XuECJzwazAfBgNV
HSMEGDAWgBQ7w/5j7BdrqG5GqVeR4XuECJzwazAPBgNVHRMBAf8EBTADAQH/MBoG
A1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiAuqTIc
NBPnpbaCW4rgBgB7iMGJDZQwsFsRIXHQboZ4fgIhAKGLqOdc7aSClID1QHHKhZHV
xjsd2BXnzqRte9iyEIVt
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgI9OnMu5JHl5vdquR
j0w1GLBp/lSCpJAjD7ayJAMb24OhRANCAAR/IEuwPX135Uml8DMBPultLl8x17CE
PaOIxL6Cel3rfDF2R+nGpSl1SpCEUnjRAS8Khi/tn9yrvddVdVE/ylqc
-----END PRIVATE KEY-----
`,
};

export const SECOND: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBvDCCAWOgAwIBAgIUN2zNShodGVv+Qn9PoUzocY+sBCEwCgYIKoZIzj0EAwIw
JTESMBAGA1UEAwwJbG9jYWxob3N0MQ8wDQYDVQQKDAZTRUNPTkQwIBcNMjYxMTI0
MjE0OTMwWhgPMjEyNjEwMzEyMTQ5MzBaMCUxEjAQBgNVBAMMCWxvY2FsaG9zdDEP
MA0GA1UECgwGU0VDT05EMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECh6KND3x
XtbXxLTL+yK7eHeUM2HYqYsxDqXonO80CrOzjccG2RlcaYqhTtn/b397QMWYASIo
FZuDz3HvEQroraNvMG0wHQYDVR0OBBYEFIjnAPCmo/QSxrZriWBZExrfGtJZMB8G
A1UdIwQYMBaAFIjnAPCmo/QSxrZriWBZExrfGtJZMA8GA1UdEwEB/wQFMAMBAf8w
GgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIAfX
dR17ttExs0KBIOQ9OuLNWdgdqupYxK+PZmpC7bkwAiBphhpI6OLWkQINXlwcbtml
KYLnfpxELJrlrp5UazNqaA==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz/XOyvyGvRIFfWr0
s8g5CMrg2+CtD0+2orBPg69M/hGhRANCAAQKHoo0PfFe1tfEtMv7Irt4d5QzYdip
izEOpeic7zQKs7ONxwbZGVxpiqFO2f9vf3tAxZgBIigVm4PPce8RCuit
-----END PRIVATE KEY-----
`,
};
