/** The kernel speaks of crashes and restarts; here its words become log events. */
import type { CrashReport, KernelLog } from '../kernel/kernel.ts';
import type { LogFields, LogLevel, Logger } from './logger.ts';

export function kernelLog(logger: Logger): KernelLog {
  return {
    crash({ path, pid, reason, stack, lastMessage, sequence }: CrashReport): void {
      logger.error('actor_crashed', { path, pid, reason, lastMessage, sequence, stack });
    },
    event(level: LogLevel, event: string, fields: LogFields): void {
      if (logger.isEnabled(level)) logger.log(level, event, fields);
    },
  };
}
