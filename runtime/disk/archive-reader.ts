/** Reads an archive frame by frame and believes nothing of it: what does not fit is an `ArchiveFault` with its place. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Sealer, Sealing } from './archive-format.ts';
import {
  CRC_BYTES,
  END,
  FRAME_HEAD_BYTES,
  isSealing,
  MAGIC,
  MAX_BODY_BYTES,
  MAX_HEADER_BYTES,
  sealerOf,
} from './archive-format.ts';
import { crc32c } from './crc32c.ts';

export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault';
}

export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

export class ArchiveReader {
  readonly header: Readonly<Record<string, unknown>>;
  readonly isEncrypted: boolean;
  /** Bytes of the file. */
  readonly size: number;
  readonly #file: FileHandle;
  readonly #sealing: Sealing;
  readonly #head: Uint8Array;

  constructor(file: FileHandle, size: number, head: Buffer, sealing: Sealing) {
    this.#file = file;
    this.size = size;
    this.#head = head;
    this.#sealing = sealing;
    this.isEncrypted = sealing.cipher !== 'none';
    this.header = JSON.parse(head.toString('utf8', MAGIC.length + 4)) as typeof this.header;
  }

  /** Rejects with an `ArchiveFault`, or with what the file system says. To be closed. */
  static async open(path: string, maxBytes: number): Promise<ArchiveReader> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > maxBytes) {
        throw new ArchiveFault(`it has ${size} bytes, more than backup.max_size (${maxBytes})`);
      }
      return await readHead(
        file,
        size,
        (head, sealing) => new ArchiveReader(file, size, head, sealing),
      );
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** All frames from the first on; again as often as needed. Ends behind an end frame that fits, or throws. */
  async *frames(secret: Uint8Array | undefined): AsyncGenerator<Frame, string> {
    const sealer = this.#sealerWith(secret);
    const digest = createHash('sha256').update(this.#head);
    let at = this.#head.length;
    let crc = crc32c(this.#head);
    const headCrc = await readAt(this.#file, at, CRC_BYTES);
    digest.update(headCrc);
    at += CRC_BYTES;
    for (let number = 0; ; number++) {
      const start = await readAt(this.#file, at, FRAME_HEAD_BYTES);
      const length = start.readUInt32BE();
      const kind = start[4]!;
      if (length > MAX_BODY_BYTES) throw damaged(at, 'a frame that is too long');
      const rest = await readAt(this.#file, at + FRAME_HEAD_BYTES, length + CRC_BYTES);
      const body = rest.subarray(0, length);
      crc = crc32c(body, crc32c(start, crc));
      if (crc !== rest.readUInt32BE(length)) throw damaged(at, 'a checksum does not fit');
      const payload = sealer.open(number, kind, body);
      if (payload === undefined) {
        throw new ArchiveFault('it was encrypted with another key (backup.key_file)');
      }
      at += FRAME_HEAD_BYTES + length + CRC_BYTES;
      if (kind === END) {
        const sum = digest.digest();
        if (sum.compare(payload) !== 0) throw damaged(at, 'the digest of all of it does not fit');
        if (at !== this.size) throw damaged(at, 'there is more behind its end');
        return sum.toString('hex');
      }
      digest.update(start).update(rest);
      yield { kind, payload };
    }
  }

  #sealerWith(secret: Uint8Array | undefined): Sealer {
    const sealer = sealerOf(this.#sealing, secret, this.#head);
    if (sealer === undefined) {
      throw new ArchiveFault('it is encrypted: set backup.key_file to the key it was made with');
    }
    return sealer;
  }
}

async function readHead<R>(
  file: FileHandle,
  size: number,
  made: (head: Buffer, sealing: Sealing) => R,
): Promise<R> {
  const before = MAGIC.length + 4;
  if (size < before) throw new ArchiveFault('it is no backup of bondy');
  const start = await readAt(file, 0, before);
  if (start.compare(MAGIC, 0, MAGIC.length - 1, 0, MAGIC.length - 1) !== 0) {
    throw new ArchiveFault('it is no backup of bondy');
  }
  const format = start[MAGIC.length - 1]!;
  if (format !== MAGIC[MAGIC.length - 1]) {
    throw new ArchiveFault(`it has format ${format}, this version knows 1`);
  }
  const length = start.readUInt32BE(MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw damaged(0, 'a header that is too long');
  const all = await readAt(file, 0, before + length + CRC_BYTES);
  const head = all.subarray(0, before + length);
  if (crc32c(head) !== all.readUInt32BE(head.length)) {
    throw damaged(0, 'the checksum of the header does not fit');
  }
  const header = parse(head.toString('utf8', before));
  const sealing = header?.['sealing'];
  if (!isSealing(sealing)) throw new ArchiveFault('its header is not one that this version knows');
  return made(head, sealing);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw damaged(position + at, 'it ends too early');
    at += bytesRead;
  }
  return bytes;
}

function damaged(at: number, why: string): ArchiveFault {
  return new ArchiveFault(`it is damaged at byte ${at}: ${why}`);
}
