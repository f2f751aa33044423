/**
 * Asks the node's admin API, as whoever logged in. The credentials are in this object and nowhere else: no cookie, so that no
 * other page and no other server of this host (cookies know no ports) gets them, and a request of a foreign page has none;
 * no storage, so that they end with the page. Operations are called by name, so that no name ever becomes a part of a path.
 */
import { Problem } from './problem.js';

const TIMEOUT_MS = 20_000;

export class Client {
  #authorization;
  #onLost;

  /** onLost(message): the node does not take the credentials any more. */
  constructor(onLost) {
    this.#onLost = onLost;
  }

  get isLoggedIn() {
    return this.#authorization !== undefined;
  }

  logInAs(username, password) {
    return this.#logIn(`Basic ${base64(`${username}:${password}`)}`);
  }

  /** A ticket, or the operator's token. */
  logInWith(token) {
    return this.#logIn(`Bearer ${token}`);
  }

  logOut() {
    this.#authorization = undefined;
  }

  /** An operation of docs/api.md. Resolves with `{ value, total, next }`; rejects with a Problem. */
  async call(procedure, args = [], kwargs = {}) {
    const authorization = this.#authorization;
    if (authorization === undefined) throw new Problem(401, 'Nobody is logged in.');
    try {
      return await post(authorization, { procedure, args, kwargs });
    } catch (error) {
      if (error.status === 401 && authorization === this.#authorization) {
        this.logOut();
        this.#onLost(error.message);
      }
      throw error;
    }
  }

  /** `bondy.ping` needs no grant, and yet a login. */
  async #logIn(authorization) {
    await post(authorization, { procedure: 'bondy.ping' });
    this.#authorization = authorization;
  }
}

async function post(authorization, body) {
  const answer = await fetched(authorization, body);
  const said = await answer.json().catch(() => undefined);
  if (answer.ok && said !== undefined) {
    const { total, next } = said.kwargs;
    return { value: said.args[0] ?? null, total, next };
  }
  throw problemOf(answer.status, said);
}

async function fetched(authorization, body) {
  try {
    return await fetch('/services/call', {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Problem(0, 'The node does not answer. What was asked for may have been done.');
  }
}

function problemOf(status, said) {
  if (typeof said?.message !== 'string') {
    return new Problem(status, `The node answered with status ${status} and nothing more.`);
  }
  const {
    message,
    path,
    problems = path ? [{ path, message: without(path, message) }] : [],
  } = said;
  return new Problem(status, message, problems);
}

/** Messages of a single field begin with its path. */
function without(path, message) {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}

/** Of UTF-8 (RFC 7617). */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
