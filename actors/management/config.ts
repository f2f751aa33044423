/** The knobs of the admin API. */

export interface ManagementConfig {
  /** Its realm may administer the others. */
  readonly masterRealm: string;
  /**
   * Changes that wait for their turn; further ones are refused. Low: refused when scripts work side by side. High: who waits
   * waits long.
   */
  readonly maxPendingChanges: number;
}

export const MANAGEMENT_DEFAULTS: ManagementConfig = {
  masterRealm: 'com.leapsight.bondy',
  maxPendingChanges: 1_000,
};
