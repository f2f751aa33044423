/** Which verifiers of passwords a realm keeps: what its document says, filled up with what is in force. */
import type { Inventory, PasswordOptions, PolicyDefaults, PolicyPort } from '../../security/api.ts';
import { fold, protocolsFor } from '../../security/api.ts';
import type { RealmUpdate } from '../documents/realm.ts';

export interface PasswordOptionParts {
  readonly policy: PolicyPort;
  readonly inventory: Inventory;
  readonly defaults: PolicyDefaults;
}

/** As they will be in force once the document is stored. */
export function passwordOptionsOf(
  { policy, inventory, defaults }: PasswordOptionParts,
  uri: string,
  document: RealmUpdate,
): PasswordOptions {
  const known = policy.realm(uri);
  const { prototype_uri: prototype, authmethods, password_opts: given } = document;
  const inherited = prototype ? policy.realm(fold(prototype)) : undefined;
  const methods =
    authmethods ?? known?.authmethods ?? inherited?.authmethods ?? defaults.authmethods;
  const otherwise = known?.password ??
    inherited?.password ?? { protocols: protocolsFor(methods, defaults), ...defaults.password };
  const isChosen = inventory.realmRecord(uri)?.password != null || !authmethods;
  return {
    protocols:
      given?.protocols ?? (isChosen ? otherwise.protocols : protocolsFor(methods, defaults)),
    scramKdf: given?.scram_kdf ?? otherwise.scramKdf,
    iterations: given?.iterations ?? otherwise.iterations,
    memory: given?.memory ?? otherwise.memory,
    passes: given?.passes ?? otherwise.passes,
  };
}
