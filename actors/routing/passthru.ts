/** Payload passthru mode (WAMP advanced, payload_passthru_mode): its attributes travel with the payload, unread. */
import type { Dict } from '../../runtime/wamp/message.ts';
import type { OptionReader } from './options.ts';

export const PASSTHRU = 'payload_passthru_mode';

const KEYS = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const;

/** They are kept as long as a call or a retained event. */
const MAX_LENGTH = 1024;

/** In use when a scheme or a serializer is named (editions of the text differ in which one must be). */
export function readPassthru(read: OptionReader): Dict | undefined {
  let attributes: Record<string, string> | undefined;
  for (const key of KEYS) {
    const value = read.string(key);
    if (value && value.length > MAX_LENGTH) {
      read.refuse(key, `a string of at most ${MAX_LENGTH} characters`);
    } else if (value) (attributes ??= {})[key] = value;
  }
  const isUsed = attributes?.['ppt_scheme'] ?? attributes?.['ppt_serializer'];
  return isUsed === undefined ? undefined : attributes;
}
