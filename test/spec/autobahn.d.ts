/** As much of autobahn-js as the tests and examples of this project use. */
declare module 'autobahn' {
  export interface Failure {
    readonly error: string;
    readonly args?: unknown[];
    readonly kwargs?: Record<string, unknown>;
  }

  export class Result {
    constructor(args?: unknown[], kwargs?: Record<string, unknown>);
    readonly args: unknown[];
    readonly kwargs: Record<string, unknown>;
  }

  class WampError {
    constructor(error: string, args?: unknown[], kwargs?: Record<string, unknown>);
  }
  export { WampError as Error };

  export interface InvocationDetails {
    readonly procedure?: string;
    readonly caller?: number;
    readonly progress?: ((args?: unknown[], kwargs?: Record<string, unknown>) => void) | null;
  }

  export interface EventDetails {
    readonly publication: number;
    readonly publisher?: number;
    readonly topic?: string;
  }

  export type Endpoint = (
    args: unknown[],
    kwargs: Record<string, unknown>,
    details: InvocationDetails,
  ) => unknown;

  export type EventHandler = (
    args: unknown[],
    kwargs: Record<string, unknown>,
    details: EventDetails,
  ) => void;

  export interface Registration {
    readonly id: number;
  }
  export interface Subscription {
    readonly id: number;
  }
  export interface Publication {
    readonly id: number;
  }

  /** A promise of the library `when`: it has progress, and can be cancelled. */
  export interface Call extends PromiseLike<unknown> {
    then<A, B>(
      fulfilled: (value: unknown) => A,
      rejected?: (error: unknown) => B,
      progressed?: (value: unknown) => void,
    ): Promise<A | B>;
    then<A = unknown, B = never>(
      fulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
      rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B>;
    cancel(options?: { readonly mode?: string }): void;
  }

  export interface Session {
    readonly id: number;
    readonly realm: string;
    /** False from the GOODBYE on, which is before the transport ends. */
    readonly isOpen: boolean;
    register(procedure: string, endpoint: Endpoint, options?: object): Promise<Registration>;
    unregister(registration: Registration): Promise<void>;
    call(
      procedure: string,
      args?: unknown[],
      kwargs?: Record<string, unknown>,
      options?: object,
    ): Call;
    subscribe(topic: string, handler: EventHandler, options?: object): Promise<Subscription>;
    unsubscribe(subscription: Subscription): Promise<unknown>;
    publish(
      topic: string,
      args?: unknown[],
      kwargs?: Record<string, unknown>,
      options?: object,
    ): Promise<Publication>;
  }

  export interface ConnectionOptions {
    readonly url?: string;
    readonly realm: string;
    readonly transports?: readonly object[];
    readonly serializers?: readonly object[];
    readonly max_retries?: number;
    readonly retry_if_unreachable?: boolean;
    readonly authmethods?: readonly string[];
    readonly authid?: string;
    readonly onchallenge?: (session: Session, method: string, extra: object) => string;
    readonly on_user_error?: (error: unknown, message: string) => void;
  }

  export class Connection {
    constructor(options: ConnectionOptions);
    onopen: (session: Session, details: Record<string, unknown>) => void;
    onclose: (reason: string, details: Record<string, unknown>) => boolean;
    open(): void;
    close(reason?: string, message?: string): void;
  }

  export const serializer: {
    readonly JSONSerializer: new () => object;
    readonly MsgpackSerializer: new () => object;
    readonly CBORSerializer: new () => object;
  };
}
