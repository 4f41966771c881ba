#!/usr/bin/env python3
"""Stands between a gRPC client and a server and looks at the compressed flag of every message.

    flag_proxy.py CASE TARGET COMMAND...

Listens on 127.0.0.1, passes everything on to TARGET (host:port), runs the command with {host} and {port}
filled in, and ends with its status, or with 1 if a message of the case (grpc/grpc
doc/interop-test-descriptions.md) came with the other flag than it must: a client that finds its reply
readable does not look, so that a case passes against a server that never compresses. A message with the
flag must also be gzip. Expects plain text and identity or gzip.
"""
import collections
import selectors
import socket
import struct
import subprocess
import sys
import zlib

DATA = 0
PADDED = 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PREFIX_BYTES = 5

# The flags of each call that has messages, in order: those of the client, those of the server. No message
# of any other case has the flag. "?": either, as nothing is said of the replies to a compressed request.
CASES = {
    "client_compressed_unary": [("0", ""), ("1", "?"), ("0", "0")],
    "client_compressed_unary_noprobe": [("1", "?"), ("0", "0")],
    "server_compressed_unary": [("0", "1"), ("0", "0")],
    "client_compressed_streaming": [("0", ""), ("10", "?")],
    "client_compressed_streaming_noprobe": [("10", "?")],
    "server_compressed_streaming": [("0", "10")],
}
# A client may cancel its call before it has connected for it.
CONNECTION_OPTIONAL = ("cancel_after_begin",)


class Messages:
    """The gRPC messages of one direction of one call."""

    def __init__(self):
        self.input = bytearray()
        self.flags = ""
        self.faults = []

    def take(self, data):
        self.input += data
        while len(self.input) >= PREFIX_BYTES:
            flag, length = struct.unpack(">BI", self.input[:PREFIX_BYTES])
            if len(self.input) < PREFIX_BYTES + length:
                return
            self.see(flag, bytes(self.input[PREFIX_BYTES:PREFIX_BYTES + length]))
            del self.input[:PREFIX_BYTES + length]

    def see(self, flag, message):
        self.flags += str(flag)
        if flag == 0:
            return
        gzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            gzip.decompress(message)
            whole = gzip.eof and not gzip.unused_data
        except zlib.error:
            whole = False
        if not whole:
            self.faults.append("a message with the flag is not gzip")


class Direction:
    """Takes the frames of one direction of a connection apart."""

    def __init__(self, preface):
        self.input = bytearray()
        self.preface = preface  # still to come
        self.streams = collections.defaultdict(Messages)

    def take(self, data):
        self.input += data
        if self.preface and len(self.input) >= len(self.preface):
            del self.input[:len(self.preface)]
            self.preface = b""
        while not self.preface and len(self.input) >= 9:
            length = int.from_bytes(self.input[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.input[3:9])
            if len(self.input) < 9 + length:
                return
            payload = self.input[9:9 + length]
            del self.input[:9 + length]
            if kind == DATA:
                if flags & PADDED:
                    payload = payload[1:len(payload) - payload[0]]
                self.streams[stream].take(payload)


class Connection:
    def __init__(self, client, target):
        self.server = socket.create_connection(target)
        self.client = client
        self.sent = Direction(PREFACE)
        self.received = Direction(b"")
        for each in (self.client, self.server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ends(self):
        """(from, to, what looks at it) of both directions."""
        return ((self.client, self.server, self.sent), (self.server, self.client, self.received))

    def calls(self):
        numbers = sorted(set(self.sent.streams) | set(self.received.streams))
        return [(self.sent.streams[number], self.received.streams[number]) for number in numbers]


def pass_on(selector, key):
    receiver, direction = key.data
    try:
        data = key.fileobj.recv(1 << 18)
        direction.take(data)
        receiver.sendall(data)
    except OSError:
        data = b""
    if not data:
        selector.unregister(key.fileobj)
        try:
            receiver.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # gone already


def serve(listener, target, process):
    """Until the process has ended; returns the connections."""
    connections = []
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while process.poll() is None:
        for key, _ in selector.select(0.05):
            if key.data is None:
                client, _ = listener.accept()
                connection = Connection(client, target)
                connections.append(connection)
                for source, receiver, direction in connection.ends():
                    selector.register(source, selectors.EVENT_READ, (receiver, direction))
            else:
                pass_on(selector, key)
    return connections


def is_as_wanted(seen, wanted):
    return len(seen) == len(wanted) and all(flag in (has, "?") for has, flag in zip(seen, wanted))


def check(case, calls):
    """Says what is wrong with them."""
    faults = [fault for call in calls for messages in call for fault in messages.faults]
    seen = [(sent.flags, received.flags) for sent, received in calls]
    wanted = CASES.get(case)
    if wanted is None:
        wanted = [tuple("0" * len(flags) for flags in call) for call in seen]
    pairs = [pair for ours, theirs in zip(seen, wanted) for pair in zip(ours, theirs)]
    if len(seen) != len(wanted) or not all(is_as_wanted(*pair) for pair in pairs):
        faults.append(f"the flags are {seen}, not {wanted}")
    return faults


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    case = sys.argv[1]
    target_host, target_port = sys.argv[2].rsplit(":", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    command = [word.replace("{host}", host).replace("{port}", str(port)) for word in sys.argv[3:]]
    process = subprocess.Popen(command)
    connections = serve(listener, (target_host, int(target_port)), process)
    calls = [call for connection in connections for call in connection.calls()]
    faults = check(case, calls)
    if not connections and case not in CONNECTION_OPTIONAL:
        faults.append("no connection has come")
    for words in faults:
        print(f"flag_proxy: {case}: {words}", file=sys.stderr)
    sys.exit(1 if faults else process.returncode != 0)


main()
