/**
 * What can go wrong with a disk, as a value: a kind the program acts on, and words for the operator. The engines only
 * say sentences, which are read here and nowhere else (LevelDB and RocksDB `Status::ToString`, errno of Node).
 */

export type StorageFailureKind =
  /** Another process, or this one, has it open. */
  | 'locked'
  /** The bytes are not what was written. Heal it from the peers. */
  | 'corrupt'
  /** A newer version wrote it. */
  | 'newer_format'
  /** No space or quota left. */
  | 'full'
  /** The file system or its permissions refuse writes. */
  | 'read_only'
  /** Everything else the operating system said. */
  | 'io'
  /** Asked after `close`. */
  | 'closed'
  /** The queue before the disk is full; nothing was written. */
  | 'overloaded';

export interface StorageFailure {
  readonly kind: StorageFailureKind;
  /** The database (partition) or file. */
  readonly path: string;
  /** What was said, bounded. */
  readonly detail: string;
  /** What the operator can do, one sentence. */
  readonly advice: string;
}

const ADVICE: Readonly<Record<StorageFailureKind, string>> = {
  locked: 'Stop the other process that uses this data directory, or give this node its own.',
  corrupt:
    'Take a copy, then let `bondy store repair` replace it from the other nodes, or restore a backup.',
  newer_format: 'Start the newer version that wrote it; formats are not converted back.',
  full: 'Free space on this file system, or move the data directory to a larger one.',
  read_only: 'Mount the file system for writing and let the user of this process write to it.',
  io: 'Look into the log of the operating system; the disk may be failing.',
  closed: 'The node is stopping.',
  overloaded: 'The disk is slower than the writes; try again later.',
};

const MAX_DETAIL = 500;

export function storageFailure(
  kind: StorageFailureKind,
  path: string,
  detail: string,
): StorageFailure {
  const short = detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL)}…` : detail;
  return { kind, path, detail: short, advice: ADVICE[kind] };
}

/** One line for people. */
export function renderFailure({ kind, path, detail, advice }: StorageFailure): string {
  return `${path}: ${kind}: ${detail}. ${advice}`;
}

/** Reads what an engine or the file system threw. */
export function failureOf(error: unknown, path: string): StorageFailure {
  const said = sentences(error);
  return storageFailure(kindOf(said), path, said);
}

/** In the order of precedence: a full disk also says "IO error". */
const SIGNS: readonly (readonly [StorageFailureKind, RegExp])[] = [
  ['full', /No space left|ENOSPC|Disk quota exceeded|EDQUOT|File too large|EFBIG/i],
  [
    'read_only',
    /Read-only file system|EROFS|Permission denied|EACCES|EPERM|Operation not permitted/i,
  ],
  [
    'locked',
    /LEVEL_LOCKED|already held by process|lock (hold by current process|file)|LOCK: (No locks available|Resource temporarily)|IO error: lock /i,
  ],
  // Also files that are named and not there, and tables so short that they cannot be mapped.
  [
    'corrupt',
    /Corruption|(\.(sst|ldb)|MANIFEST-\d+): (No such file|Invalid argument)|checksum mismatch/i,
  ],
  ['closed', /LEVEL_DATABASE_NOT_OPEN|Database is not open|cannot call \w+\(\) before open/i],
];

function kindOf(said: string): StorageFailureKind {
  return SIGNS.find(([, sign]) => sign.test(said))?.[0] ?? 'io';
}

/** The message with the code and the causes, which is where classic-level says what happened. */
function sentences(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  // classic-level says why it did not open in the cause only.
  if (code.startsWith('LEVEL_DATABASE_NOT_OPEN') && error.cause !== undefined && depth < 3) {
    return sentences(error.cause, depth + 1);
  }
  const own = error.message.startsWith(code) ? error.message : code + error.message;
  if (error.cause === undefined || depth >= 3) return own;
  return `${own} (${sentences(error.cause, depth + 1)})`;
}
