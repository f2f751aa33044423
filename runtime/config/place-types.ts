/** Values that name a place: an address, a network, a file. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { quote } from './mistake.ts';
import { Refused, simpleType } from './type.ts';
import type { Type } from './type.ts';

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Where to listen: an IP address or a name of this machine. Dotted numbers that are no address are refused. */
export const address: Type<string> = simpleType(
  {
    name: 'address',
    advice:
      'Write an IP address such as 127.0.0.1, ::1 or 0.0.0.0, or a host name, without a port.',
  },
  (text) => {
    if (isIP(text) !== 0) return text;
    return HOST_NAME.test(text) && !/^[\d.]+$/.test(text) ? text.toLowerCase() : undefined;
  },
);

/** A name of a machine or an address, as it stands in a Host header, without the port. Lower case. */
export const hostName: Type<string> = simpleType(
  { name: 'host name', advice: 'Write a name such as bondy.example.com, without scheme and port.' },
  (text) => (isIP(text) !== 0 || HOST_NAME.test(text) ? text.toLowerCase() : undefined),
);

/** An address with a prefix length; without one, the address alone. Shown as `10.0.0.0/8`. */
export const network: Type<string> = simpleType(
  { name: 'network', advice: 'Write it as 10.0.0.0/8, fd00::/8, or one IP address.' },
  (text) => {
    const [ip, prefix, ...rest] = text.split('/');
    const family = isIP(ip);
    if (family === 0 || rest.length > 0 || ip.includes('%')) return undefined;
    const bits = family === 4 ? 32 : 128;
    if (prefix === undefined) return `${ip}/${bits}`;
    return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
      ? `${ip}/${Number(prefix)}`
      : undefined;
  },
);

/** A file the node will write or create. Relative paths start at the configuration file's folder. */
export const path: Type<string> = {
  name: 'path',
  isSecret: false,
  show: (value) => value,
  parse(text, { base }) {
    if (text === '') return new Refused('has no value', 'Write a path, or remove the line.');
    if (text.includes('\0')) return new Refused('has a NUL character', 'Write a path without it.');
    return resolve(base, text);
  },
};

/** A file that must be there and readable when the node starts. */
export const existingFile: Type<string> = {
  ...path,
  name: 'path of a file',
  parse(text, context) {
    const resolved = path.parse(text, context);
    if (resolved instanceof Refused || context.files.read(resolved) !== undefined) return resolved;
    return new Refused(
      `${quote(resolved)} cannot be read`,
      'Check that the file exists and that this user may read it.',
    );
  },
};
