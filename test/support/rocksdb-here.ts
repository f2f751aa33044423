/** Whether the tests on rocksdb can run. Where they cannot, everybody shall see it: a skipped engine is an untested one. */
import { probeRocksdb } from '../../runtime/disk/engine-probe.ts';

export async function rocksdbHere(): Promise<boolean> {
  const probed = await probeRocksdb({ timeoutMs: 30_000 });
  if (probed.kind === 'works') return true;
  console.error(
    `\n*** SKIPPED: every test on rocksdb. Node ${process.version} cannot use its binary: ${probed.reason}\n`,
  );
  return false;
}
