/** Keys of the bootstrap file, and of realms that come by themselves. */
import { path } from '../../runtime/config/place-types.ts';
import { byteSize, integer, onOff } from '../../runtime/config/scalar-types.ts';
import { key } from '../../runtime/config/schema.ts';
import type { Values } from '../../runtime/config/schema.ts';
import { optional } from '../../runtime/config/type.ts';

export interface BootstrapConfig {
  readonly file: string | undefined;
  readonly maxBytes: number;
  readonly makesRealms: boolean;
  readonly maxMadeRealms: number;
  /** For `${NAME}` in the file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const MB = 1024 * 1024;

export const bootstrapKeys = {
  file: key({
    name: 'security.config_file',
    type: optional(path),
    default: undefined,
    doc:
      'JSON file with a list of realms, each with its users, groups, sources and grants (docs/bootstrap.md), applied at ' +
      'each start before anybody can come in: what it says is so then, and what it does not name stays as it is. `${NAME}` ' +
      'in a text is a variable of the environment. With a mistake in it the node does not start, and nothing is changed.',
  }),
  maxBytes: key({
    name: 'security.config_file_max_size',
    type: byteSize({ min: 1024, max: 256 * MB }),
    default: 16 * MB,
    doc: 'A larger bootstrap file is refused.',
  }),
  makesRealms: key({
    name: 'security.automatically_create_realms',
    type: onOff,
    default: false,
    doc:
      'A HELLO to a realm that is not known creates it, with the defaults: nobody gets in before it has sources. At most ' +
      '`security.max_automatic_realms` of them; one that was removed is not created again.',
  }),
  maxMadeRealms: key({
    name: 'security.max_automatic_realms',
    type: integer({ min: 1, max: 100_000 }),
    default: 100,
    doc:
      'Realms that are created by a HELLO while the node runs; then a realm that is not known is refused. Low: realms that were ' +
      'meant to come are missing. High: whoever reaches a port can fill the store and the memory of all nodes.',
  }),
};

export function bootstrapConfig(
  values: Values<typeof bootstrapKeys>,
  environment: BootstrapConfig['environment'],
): BootstrapConfig {
  return { ...values, environment };
}
