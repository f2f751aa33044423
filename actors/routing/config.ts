/** The knobs of routing, each with its unit, its trade-off and its default. */

/** Routed RPC. */
export interface DealerConfig {
  /** Ms a call without a timeout of its own may take; 0: for ever. Too low cancels slow work, 0 trusts callees. */
  readonly callTimeoutMs: number;
  /** Ms no CALL.timeout may exceed (longer ones are cut); 0: no limit. */
  readonly maxCallTimeoutMs: number;
  /** Unanswered calls one session may have. Too low refuses bursts, too high lets one client fill the heap. */
  readonly maxCallsPerSession: number;
  /** Procedures one session may register. Bounds what a lookup may have to walk for one client's patterns. */
  readonly maxRegistrationsPerSession: number;
  /** Callees of one shared procedure. Choosing one may look at each. */
  readonly maxCalleesPerRegistration: number;
  /** UTF-16 units of a procedure that is registered. Bounds the depth of the index. */
  readonly maxUriLength: number;
  /** May REGISTER.force_reregister take a procedure from its callees? */
  readonly allowForceReregister: boolean;
}

export const DEFAULT_DEALER_CONFIG: DealerConfig = {
  callTimeoutMs: 0,
  maxCallTimeoutMs: 0,
  maxCallsPerSession: 65_536,
  maxRegistrationsPerSession: 100_000,
  maxCalleesPerRegistration: 10_000,
  maxUriLength: 1024,
  allowForceReregister: true,
};
