"""
How Autobahn|Python proves who it is to a running node: python3 authentication.py WEBSOCKET_URL WSS_URL CA_FILE

One line for each check. Exit status 1 when one failed.

Its own authenticators answer for ticket, wampcra and cryptosign. Its SCRAM (autobahn.wamp.auth.AuthScram, 22.7.1) is not
the specification's: it takes the text of the argon2id hash for the salted password, leaves out the GS2 header of the
channel, and raises with PBKDF2. So SCRAM is answered here as the specification says, with Autobahn's session around it.
"""
import asyncio
import base64
import hashlib
import hmac
import os
import ssl
import sys
from urllib.parse import urlsplit

import txaio

txaio.use_asyncio()

from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp.auth import create_authenticator
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import ComponentConfig

TIMEOUT_S = 20
WEBSOCKET_URL, WSS_URL, CA_FILE = sys.argv[1:4]
SHOP = "com.example.shop"
PASSWORD = "pencil-and-paper"
SEED = "0b" * 32


class Scram:
    """RFC 5802 as in the WAMP specification, with PBKDF2."""

    name = "wamp-scram"

    def __init__(self, password):
        self._password = password.encode()
        self.authextra = {"nonce": base64.b64encode(os.urandom(16)).decode()}

    def on_challenge(self, session, challenge):
        extra = challenge.extra
        salt = base64.b64decode(extra["salt"])
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, extra["iterations"])
        message = (
            f"n=alice,r={self.authextra['nonce']},"
            f"r={extra['nonce']},s={extra['salt']},i={extra['iterations']},c=biws,r={extra['nonce']}"
        ).encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
        self._verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        return base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()

    def on_welcome(self, session, authextra):
        if base64.b64decode(authextra["verifier"]) != self._verifier:
            return "the router does not know the password"


class Session(ApplicationSession):
    def __init__(self, realm, authid, proof):
        super().__init__(ComponentConfig(realm=realm))
        self._authid, self._proof = authid, proof
        loop = asyncio.get_running_loop()
        self.joined = loop.create_future()
        self.gone = loop.create_future()

    def onConnect(self):
        proof = self._proof
        self.join(self.config.realm, [proof.name], self._authid, authextra=proof.authextra)

    def onChallenge(self, challenge):
        return self._proof.on_challenge(self, challenge)

    def onWelcome(self, welcome):
        return self._proof.on_welcome(self, welcome.authextra)

    def onJoin(self, details):
        self.joined.set_result(details)

    def onUserError(self, failure, message):
        if not self.joined.done():
            self.joined.set_exception(failure.value)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(RuntimeError(details.reason))
        self.disconnect()

    def onDisconnect(self):
        if not self.gone.done():
            self.gone.set_result(None)


def tls_1_2():
    """The last one that has `tls-unique`, the only binding that Autobahn has."""
    context = ssl.create_default_context(cafile=CA_FILE)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def enter(realm, authid, proof, url=WEBSOCKET_URL, context=None):
    session = Session(realm, authid, proof)
    factory = WampWebSocketClientFactory(lambda: session, url=url)
    where = urlsplit(url)
    host = {} if context is None else {"ssl": context, "server_hostname": "localhost"}
    loop = asyncio.get_running_loop()
    await loop.create_connection(factory, where.hostname, where.port, **host)
    return session, await session.joined


async def opens(method, realm, authid, proof, **where):
    session, details = await enter(realm, authid, proof, **where)
    if (details.authid, details.authmethod) != (authid, method):
        raise AssertionError(f"{details.authid} by {details.authmethod}")
    if realm == SHOP:
        try:
            await session.call("com.example.nobody")
        except ApplicationError as error:
            if error.error != "wamp.error.no_such_procedure":
                raise
    session.leave()
    await session.gone


async def refuses(method, realm, authid, proof, **where):
    try:
        await enter(realm, authid, proof, **where)
    except RuntimeError as error:
        if str(error) != "wamp.error.authentication_failed":
            raise
        return
    raise AssertionError("it was let in")


def cryptosign(seed=SEED, **extra):
    return create_authenticator("cryptosign", authid="alice", privkey=seed, authextra=dict(extra))


def bound():
    return cryptosign(channel_binding="tls-unique")


def cra(secret):
    return create_authenticator("wampcra", authid="alice", secret=secret)


class Unbound:
    """Signs for a binding what is bound to nothing."""

    name = "cryptosign"

    def __init__(self):
        self._proof = cryptosign()
        self.authextra = {**self._proof.authextra, "channel_binding": "tls-unique"}

    def on_challenge(self, session, challenge):
        return self._proof.on_challenge(session, challenge)

    def on_welcome(self, session, authextra):
        return None


def checks():
    ticket = lambda text: create_authenticator("ticket", authid="joe", ticket=text)
    tls = {"url": WSS_URL, "context": tls_1_2()}
    yield "a ticket", opens("ticket", "static1", "joe", ticket("a-ticket-for-joe"))
    yield "a wrong ticket", refuses("ticket", "static1", "joe", ticket("another"))
    yield "wampcra", opens("wampcra", SHOP, "alice", cra(PASSWORD))
    yield "wampcra with a wrong password", refuses("wampcra", SHOP, "alice", cra("wrong"))
    yield "wamp-scram", opens("wamp-scram", SHOP, "alice", Scram(PASSWORD))
    yield "wamp-scram with a wrong password", refuses("wamp-scram", SHOP, "alice", Scram("wrong"))
    yield "cryptosign", opens("cryptosign", SHOP, "alice", cryptosign())
    yield "cryptosign with another key", refuses("cryptosign", SHOP, "alice", cryptosign("0c" * 32))
    yield "cryptosign over TLS", opens("cryptosign", SHOP, "alice", cryptosign(), **tls)
    yield "cryptosign bound to TLS", opens("cryptosign", SHOP, "alice", bound(), **tls)
    yield "cryptosign not bound as said", refuses("cryptosign", SHOP, "alice", Unbound(), **tls)


async def main():
    failed = total = 0
    for what, run in checks():
        total += 1
        try:
            await asyncio.wait_for(run, TIMEOUT_S)
            print(f"ok      {what}")
        except Exception as error:
            failed += 1
            print(f"FAILED  {what}: {type(error).__name__} {error}")
    print(f"{total - failed} of {total} checks of authentication passed")
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
