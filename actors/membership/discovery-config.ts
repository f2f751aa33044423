/** The knobs of discovery, each with its unit, its trade-off and its default. */
import type { PeerAddress } from '../links/api.ts';

export type DiscoverySource =
  | { readonly kind: 'static'; readonly addresses: readonly PeerAddress[] }
  /** A and AAAA records name hosts only, so the port is given; SRV records name both. */
  | {
      readonly kind: 'dns';
      readonly name: string;
      readonly record: 'a' | 'aaaa' | 'srv';
      readonly port: number;
    }
  /** A headless service. With a port name its SRV records are asked, whose host names outlive the addresses of pods. */
  | {
      readonly kind: 'kubernetes';
      readonly service: string;
      readonly namespace: string;
      readonly clusterDomain: string;
      readonly portName: string | undefined;
      readonly port: number;
    };

export interface DiscoveryConfig {
  readonly sources: readonly DiscoverySource[];
  /** Ms before the first question: names of a starting deployment are not there yet. Low: a failed try. High: a late start. */
  readonly initialDelayMs: number;
  /** Ms between questions to a source that answers. Low: load on DNS. High: new nodes are found late. */
  readonly pollMs: number;
  /** Ms after which a question counts as failed. */
  readonly timeoutMs: number;
  /** Ms between questions to a source that keeps failing, at most; doubles up to it from `pollMs`. */
  readonly maxBackOffMs: number;
  /** Join what is found. Off: discovery only shows it. */
  readonly automaticJoin: boolean;
  /** Remove members that are dead and no longer named. Dangerous where names come and go with outages. */
  readonly automaticLeave: boolean;
  /** Ms a dead member must have been unnamed for that. */
  readonly leaveAfterMs: number;
  /** Addresses taken from one answer; more are counted and ignored. */
  readonly maxAddresses: number;
}

export const DISCOVERY_DEFAULTS: DiscoveryConfig = {
  sources: [],
  initialDelayMs: 1_000,
  pollMs: 10_000,
  timeoutMs: 5_000,
  maxBackOffMs: 60_000,
  automaticJoin: true,
  automaticLeave: false,
  leaveAfterMs: 300_000,
  maxAddresses: 1_000,
};

/** The question DNS is asked for a source; undefined: none, the addresses are given. */
export function questionOf(
  source: DiscoverySource,
):
  | { readonly name: string; readonly record: 'a' | 'aaaa' | 'srv'; readonly port: number }
  | undefined {
  switch (source.kind) {
    case 'static':
      return undefined;
    case 'dns':
      return source;
    case 'kubernetes': {
      const { service, namespace, clusterDomain, portName, port } = source;
      const host = `${service}.${namespace}.svc.${clusterDomain}`;
      if (portName === undefined) return { name: host, record: 'a', port };
      return { name: `_${portName}._tcp.${host}`, record: 'srv', port };
    }
    default:
      return source satisfies never;
  }
}
