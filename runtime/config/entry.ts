/** One setting as somebody wrote it, before anybody looked at what it means. */

export type Source = 'file' | 'environment' | 'flag';

export interface Entry {
  readonly key: string;
  readonly text: string;
  readonly source: Source;
  /** For people: `bondy.conf:12`. */
  readonly where: string;
  /** Folder that relative paths in `text` start from. */
  readonly base: string;
}

/** Later ones win. */
export const PRECEDENCE: readonly Source[] = ['file', 'environment', 'flag'];
