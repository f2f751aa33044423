/** Writes an archive beside its name, and gives it the name when all of it is on disk: there is never half a one. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sealer } from './archive-format.ts';
import { CRC_BYTES, END, frameOf, headOf, newSealing, sealerOf } from './archive-format.ts';
import { syncDirectory } from './atomic-file.ts';
import { crc32c } from './crc32c.ts';

export interface ArchiveOptions {
  /** Undefined: not encrypted. */
  readonly secret: Uint8Array | undefined;
  /** A file beyond this is given up: the disk is the store's. */
  readonly maxBytes: number;
}

export class ArchiveWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #sealer: Sealer;
  readonly #maxBytes: number;
  readonly #digest = createHash('sha256');
  #crc = 0;
  #frames = 0;
  #bytes = 0;

  constructor(path: string, file: FileHandle, sealer: Sealer, maxBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#sealer = sealer;
    this.#maxBytes = maxBytes;
  }

  /** A left-over of one that did not end is replaced. Rejects with what the file system says. */
  static async create(
    path: string,
    header: Readonly<Record<string, unknown>>,
    { secret, maxBytes }: ArchiveOptions,
  ): Promise<ArchiveWriter> {
    const sealing = newSealing(secret);
    const head = headOf({ ...header, sealing });
    await rm(temporary(path), { force: true });
    const file = await open(temporary(path), 'wx', 0o600);
    const writer = new ArchiveWriter(path, file, sealerOf(sealing, secret, head)!, maxBytes);
    try {
      const crc = Buffer.alloc(CRC_BYTES);
      writer.#crc = crc32c(head);
      crc.writeUInt32BE(writer.#crc);
      await writer.#write(Buffer.concat([head, crc]));
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return writer;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(kind: number, payload: Uint8Array): Promise<void> {
    const body = this.#sealer.seal(this.#frames++, kind, payload);
    const frame = frameOf(kind, body, this.#crc);
    this.#crc = frame.readUInt32BE(frame.length - CRC_BYTES);
    await this.#write(frame);
  }

  /** On disk under its name when it resolves; its SHA-256 (without the end frame) in hex. */
  async finish(): Promise<string> {
    const digest = this.#digest.copy().digest();
    await this.append(END, digest);
    await this.#file.sync();
    await this.#file.close();
    await rename(temporary(this.#path), this.#path);
    syncDirectory(dirname(this.#path));
    return digest.toString('hex');
  }

  async abandon(): Promise<void> {
    await this.#file.close();
    await rm(temporary(this.#path), { force: true });
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#bytes + bytes.length > this.#maxBytes) {
      throw new Error(`the file would be larger than backup.max_size (${this.#maxBytes} bytes)`);
    }
    this.#bytes += bytes.length;
    this.#digest.update(bytes);
    for (let at = 0; at < bytes.length;) {
      at += (await this.#file.write(bytes, at)).bytesWritten;
    }
  }
}

function temporary(path: string): string {
  return `${path}.part`;
}
