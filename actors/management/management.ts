/**
 * The one way into the operations: finds the operation, says who may, puts the realm in its place, checks the arguments,
 * lets it run, and answers once. Changes run one after another, so that what one has checked is still so when it stores.
 */
import type { Dict, Value } from '../../runtime/wamp/message.ts';
import { fold } from '../security/api.ts';
import type { ApiCall, ApiError, ApiOutcome, Caller, Management } from './api.ts';
import { PING } from './api.ts';
import type { ManagementConfig } from './config.ts';
import { apiError, documentError } from './errors.ts';
import { canonicalName } from './names.ts';
import type { Operation, Outcome } from './operation.ts';
import type { ManagementPorts } from './ports.ts';
import { namedArguments, problemsOf, requiredCount } from './validation.ts';

type Answer = (outcome: ApiOutcome) => void;
/** Where it is about, and what is left of the arguments. */
interface Place {
  readonly realm: string;
  readonly args: readonly Value[];
}

export class ManagementApi implements Management {
  readonly #table: ReadonlyMap<string, Operation>;
  readonly #ports: ManagementPorts;
  readonly #config: ManagementConfig;
  readonly #waiting: (() => void)[] = [];
  #isChanging = false;

  constructor(table: readonly Operation[], ports: ManagementPorts, config: ManagementConfig) {
    this.#table = new Map(table.map((operation) => [operation.uri, operation]));
    this.#ports = ports;
    this.#config = config;
  }

  nameOf(uri: string): string | undefined {
    const name = canonicalName(uri);
    return name !== undefined && this.#table.has(name) ? name : undefined;
  }

  call(call: ApiCall, done: Answer): void {
    const answer = once(done);
    const name = this.nameOf(call.uri);
    const operation = name === undefined ? undefined : this.#table.get(name);
    if (!operation) {
      return answer(failed(apiError('noSuchProcedure', `there is no operation ${call.uri}`)));
    }
    const place = this.#place(operation, call);
    if ('uri' in place) return this.#refuse(place, answer);
    const args = namedArguments(operation.args, place.args);
    if (typeof args === 'string') {
      return answer(failed(apiError('invalidArgument', `${operation.uri} ${args}`)));
    }
    const problems = [
      ...problemsOf(operation.args, args, operation.document),
      ...problemsOf(operation.kwargs, call.kwargs),
    ];
    if (problems.length > 0) return answer(failed(documentError(problems)));
    this.#run(operation, call, { ...place, args }, answer);
  }

  /** Whoever may not is told so before anything is said about arguments or realms. */
  #place(operation: Operation, call: ApiCall): Place | ApiError {
    const { caller, args } = call;
    const own = fold(call.realm ?? caller.realm);
    if (!this.#mayCall(operation, caller)) {
      return apiError('notAuthorized', `${operation.uri} needs a grant of wamp.call`);
    }
    switch (operation.access) {
      case 'anyone':
        return { realm: own, args };
      case 'admin':
        return caller.isMaster
          ? { realm: own, args }
          : apiError('notAuthorized', `${operation.uri} is for users of the master realm`);
      case 'realm':
        return this.#realmPlace(operation, call, own);
    }
  }

  /** One argument too few: the first one, the realm, is the caller's. */
  #realmPlace(operation: Operation, { caller, args }: ApiCall, own: string): Place | ApiError {
    const isOmitted = args.length <= requiredCount(operation.args);
    const [first, ...rest] = isOmitted ? [own, ...args] : args;
    if (typeof first !== 'string') {
      return { ...apiError('invalidArgument', 'realm: must be string'), path: 'realm' };
    }
    const realm = fold(first);
    if (!caller.isMaster && realm !== fold(caller.realm)) {
      return apiError('notAuthorized', 'other realms are for users of the master realm');
    }
    const found = this.#ports.policy.realm(realm);
    if (!found) return apiError('noSuchRealm', `there is no realm ${realm}`);
    if (!caller.isMaster && !found.securityEnabled) {
      return apiError(
        'notAuthorized',
        'security is disabled in this realm, so that anybody could: it is administered from the master realm',
      );
    }
    return { realm, args: rest };
  }

  #mayCall({ uri }: Operation, caller: Caller): boolean {
    if (caller.isAuthorized === true || uri === PING) return true;
    const { realm, username, groups, isVouchedFor } = caller;
    return this.#ports.policy.allows(
      realm,
      { username, groups, isVouchedFor },
      'wamp.call',
      uri,
      'exact',
    );
  }

  #refuse(error: ApiError, answer: Answer): void {
    this.#ports.count('management_refused');
    answer(failed(error));
  }

  #run(
    operation: Operation,
    { caller, kwargs }: ApiCall,
    { realm, args }: { readonly realm: string; readonly args: Dict },
    answer: Answer,
  ): void {
    const { uri } = operation;
    const start = (finished: () => void): void => {
      const request = { caller, realm, args, kwargs, ports: this.#ports, uri };
      operation.run(request, (outcome) => {
        const error = 'error' in outcome ? outcome.error : undefined;
        this.#ports.count(error ? 'management_failed' : 'management_operations');
        if (operation.isChange) {
          this.#ports.audit.record(caller, uri, targetOf(operation, realm, args), error);
        }
        answer(outcomeOf(outcome));
        finished();
      });
    };
    if (!operation.isChange) return start(() => undefined);
    const { refusal } = this.#ports.audit;
    if (refusal !== undefined) {
      return this.#refuse(apiError('unavailable', `nothing is changed while ${refusal}`), answer);
    }
    if (operation.takesLong) return start(() => undefined);
    if (this.#waiting.length >= this.#config.maxPendingChanges) {
      return this.#refuse(apiError('unavailable', 'too many changes are waiting'), answer);
    }
    this.#waiting.push(() => start(once(() => this.#next())));
    if (!this.#isChanging) this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    this.#isChanging = next !== undefined;
    next?.();
  }
}

/** The realm, and whatever of it is named: never a document, a password or a ticket. */
function targetOf({ access, args: shapes }: Operation, realm: string, args: Dict): string {
  const names = Object.keys(shapes)
    .filter((name) => NAMES.has(name))
    .map((name) => args[name])
    .filter((value) => typeof value === 'string');
  const own = ['user', 'group', 'realm'].map((name) => nameIn(args[name]));
  const all = [...names, ...own.filter((name) => name !== undefined)];
  return [...(access === 'realm' ? [realm] : []), ...all].join(' ');
}

const NAMES: ReadonlySet<string> = new Set([
  'uri',
  'username',
  'usernames',
  'name',
  'alias',
  'cidr',
  'node',
  'address',
  'authid',
]);

/** Of a document. */
function nameIn(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { username, name, uri } = value as Dict;
  return [username, name, uri].find((each) => typeof each === 'string');
}

function outcomeOf(outcome: Outcome): ApiOutcome {
  if ('error' in outcome) return failed(outcome.error);
  const { value, kwargs } = outcome;
  return { kind: 'result', args: value === null ? [] : [value], kwargs };
}

function failed(error: ApiError): ApiOutcome {
  return { kind: 'error', error };
}

/** A port that answers twice must not answer somebody else. */
function once<A extends readonly unknown[]>(done: (...args: A) => void): (...args: A) => void {
  let isDone = false;
  return (...args) => {
    if (isDone) throw new Error('an operation was answered twice');
    isDone = true;
    done(...args);
  };
}
