"""
Autobahn|Python against a running node: python3 clients.py WEBSOCKET_URL RAWSOCKET_URL

Every transport and serializer that this installation of Autobahn has; one line for each check. Exit status 1 when
one failed.

Autobahn 22.7.1 (Debian 12) has defects of its own that are worked around here and nowhere else:
- its asyncio RawSocket client reads two attributes that it never sets (see RawSocketProtocol);
- what it does after a cancelled invocation raises in a callback of the loop (see quiet);
- it cannot ask for `disclose_me`, so identification is left to the other clients' tests;
- its own `run` uses `asyncio.coroutine`, which Python 3.11 does not have: connections are opened by hand.
"""
import asyncio
import sys
from urllib.parse import urlsplit

import txaio

txaio.use_asyncio()

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory, WampRawSocketClientProtocol
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp import serializer as serializers
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import (
    CallOptions,
    ComponentConfig,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
    TransportDetails,
)

TIMEOUT_S = 10
WEBSOCKET_URL, RAWSOCKET_URL = sys.argv[1:3]
SERIALIZERS = {
    name: getattr(serializers, cls)
    for name, cls in (
        ("json", "JsonSerializer"),
        ("msgpack", "MsgPackSerializer"),
        ("cbor", "CBORSerializer"),
    )
    if hasattr(serializers, cls)
}


class RawSocketProtocol(WampRawSocketClientProtocol):
    """Sets what the base class reads and only its WebSocket sibling sets."""

    def __init__(self):
        super().__init__()
        self._transport_details = TransportDetails(is_server=False, is_secure=False)

    @property
    def transport_details(self):
        return self._transport_details


class Session(ApplicationSession):
    def __init__(self, realm):
        super().__init__(ComponentConfig(realm=realm))
        loop = asyncio.get_running_loop()
        self.joined = loop.create_future()
        self.gone = loop.create_future()

    def onJoin(self, details):
        if not self.joined.done():
            self.joined.set_result(details)

    def onUserError(self, failure, message):
        pass  # the errors are the point of a check, and arrive at the caller

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(RuntimeError(f"{details.reason}: {details.message}"))
        self.disconnect()

    def onDisconnect(self):
        if not self.gone.done():
            self.gone.set_result(None)


async def connect(transport, serializer):
    session = Session("realm1")
    if transport == "websocket":
        factory = WampWebSocketClientFactory(
            lambda: session, url=WEBSOCKET_URL, serializers=[SERIALIZERS[serializer]()]
        )
        url = urlsplit(WEBSOCKET_URL)
    else:
        factory = WampRawSocketClientFactory(lambda: session, serializer=SERIALIZERS[serializer]())
        factory.protocol = RawSocketProtocol
        url = urlsplit(RAWSOCKET_URL)
    await asyncio.get_running_loop().create_connection(factory, url.hostname, url.port)
    await session.joined
    return session


async def answers_calls(a, b, uri):
    await a.register(lambda *args, **kwargs: [list(args), kwargs], uri)
    values = [1, -2**53, 2**53, 1.5, "grün", None, True, [1, [2]], {"k": "v"}]
    args, kwargs = await b.call(uri, *values, name="value")
    expect(args, values)
    expect(kwargs, {"name": "value"})


async def carries_binaries(a, b, uri):
    await a.register(lambda data: data, uri)
    expect(await b.call(uri, b"\x00\xff\x10"), b"\x00\xff\x10")


async def reports_errors(a, b, uri):
    def fail():
        raise ApplicationError("com.example.broken", 7, detail="x")

    await a.register(fail, uri)
    error = await fails(b.call(uri))
    expect((error.error, list(error.args), error.kwargs), ("com.example.broken", [7], {"detail": "x"}))
    error = await fails(b.call(f"{uri}.nobody"))
    expect(error.error, "wamp.error.no_such_procedure")
    error = await fails(b.register(fail, uri))
    expect(error.error, "wamp.error.procedure_already_exists")


async def unregisters(a, b, uri):
    registration = await a.register(lambda: 1, uri)
    expect(await b.call(uri), 1)
    await registration.unregister()
    expect((await fails(b.call(uri))).error, "wamp.error.no_such_procedure")


async def registers_patterns(a, b, uri):
    options = RegisterOptions(match="prefix", details_arg="details")
    await a.register(lambda details: details.procedure, uri, options)
    expect(await b.call(f"{uri}.some.where"), f"{uri}.some.where")


async def shares_registrations(a, b, uri):
    options = RegisterOptions(invoke="roundrobin")
    await a.register(lambda: "a", uri, options)
    await b.register(lambda: "b", uri, options)
    expect([await b.call(uri) for _ in range(4)], ["a", "b", "a", "b"])


async def streams_results(a, b, uri):
    async def count(to, details):
        for i in range(to):
            details.progress(i)
        return "done"

    await a.register(count, uri, RegisterOptions(details_arg="details"))
    seen = []
    expect(await b.call(uri, 5, options=CallOptions(on_progress=seen.append)), "done")
    expect(seen, [0, 1, 2, 3, 4])


async def cancels_calls(a, b, uri):
    started = asyncio.get_running_loop().create_future()
    stopped = asyncio.get_running_loop().create_future()

    async def wait():
        started.set_result(None)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            stopped.set_result(None)
            raise

    await a.register(wait, uri)
    call = b.call(uri)
    await started
    call.cancel()
    await stopped


async def times_out(a, b, uri):
    await a.register(lambda: asyncio.get_running_loop().create_future(), uri)
    error = await fails(b.call(uri, options=CallOptions(timeout=50)))
    expect(error.error, "wamp.error.timeout")


async def delivers_events(a, b, uri):
    events = asyncio.Queue()
    options = SubscribeOptions(details_arg="details")
    subscription = await a.subscribe(
        lambda *args, details, **kwargs: events.put_nowait((args, kwargs, details)), uri, options
    )
    published = await b.publish(uri, 1, "x", key=2, options=PublishOptions(acknowledge=True))
    args, kwargs, details = await events.get()
    expect((args, kwargs, details.publication), ((1, "x"), {"key": 2}, published.id))
    await subscription.unsubscribe()
    await b.publish(uri, 3, options=PublishOptions(acknowledge=True))
    expect(await b.call("wamp.session.count") > 0, True)
    expect(events.empty(), True)


async def matches_topics(a, b, uri):
    events = asyncio.Queue()
    options = SubscribeOptions(match="wildcard", details=True)
    first, last = uri.rsplit(".", 1)
    await a.subscribe(lambda *_, details: events.put_nowait(details.topic), f"{first}..end", options)
    await b.publish(f"{first}.{last}.end", options=PublishOptions(acknowledge=True))
    expect(await events.get(), f"{first}.{last}.end")


async def retains_events(a, b, uri):
    await b.publish(uri, "kept", options=PublishOptions(acknowledge=True, retain=True))
    events = asyncio.Queue()
    await a.subscribe(events.put_nowait, uri, SubscribeOptions(get_retained=True))
    expect(await events.get(), "kept")


async def chooses_receivers(a, b, uri):
    events = asyncio.Queue()
    await a.subscribe(events.put_nowait, uri)
    await b.subscribe(events.put_nowait, uri)
    only_b = PublishOptions(acknowledge=True, exclude_me=False, eligible=[b._session_id])
    await b.publish(uri, "for b", options=only_b)
    await b.publish(uri, "for both", options=PublishOptions(acknowledge=True, exclude_me=False))
    expect(sorted([await events.get() for _ in range(3)]), ["for b", "for both", "for both"])


CHECKS = (
    answers_calls,
    carries_binaries,
    reports_errors,
    unregisters,
    registers_patterns,
    shares_registrations,
    streams_results,
    cancels_calls,
    times_out,
    delivers_events,
    matches_topics,
    retains_events,
    chooses_receivers,
)


async def fails(request):
    try:
        value = await request
    except ApplicationError as error:
        return error
    raise AssertionError(f"no error, but {value!r}")


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


async def check(transport, serializer, run):
    sessions = [await connect(transport, serializer) for _ in range(2)]
    try:
        await run(*sessions, f"com.example.{transport}.{serializer}.{run.__name__}")
    finally:
        for session in sessions:
            session.leave()
        await asyncio.gather(*(session.gone for session in sessions))


def quiet(loop, context):
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


async def main():
    asyncio.get_running_loop().set_exception_handler(quiet)
    failed = 0
    for transport in ("websocket", "rawsocket"):
        for serializer in SERIALIZERS:
            for run in CHECKS:
                what = f"{transport} {serializer}: {run.__name__.replace('_', ' ')}"
                try:
                    await asyncio.wait_for(check(transport, serializer, run), TIMEOUT_S)
                    print(f"ok      {what}")
                except Exception as error:
                    failed += 1
                    print(f"FAILED  {what}: {type(error).__name__} {error}")
    total = 2 * len(SERIALIZERS) * len(CHECKS)
    print(f"{total - failed} of {total} checks passed ({', '.join(SERIALIZERS)})")
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
