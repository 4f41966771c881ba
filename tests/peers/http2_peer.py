#!/usr/bin/env python3
"""An HTTP/2 server that breaks off, for gRPC clients (grpc/grpc doc/http2-interop-test-descriptions.md).

    http2_peer.py CASE COMMAND...

Listens on 127.0.0.1, runs the command with {host} and {port} filled in, and ends with its status, or with
1 if the client did not do as it must. Every request is answered as a large_unary; what it holds is not
looked at.
"""
import selectors
import socket
import struct
import subprocess
import sys

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DEFAULT_WINDOW = 65535
FRAME_BYTES = 16384
RESPONSE_BYTES = 314159
PADDED_DATA_BYTES, PADDING_BYTES = 5, 255

CASES = ("goaway", "rst_after_header", "rst_during_data", "rst_after_data", "ping", "max_streams",
         "data_frame_padding", "no_df_padding_sanity_test")


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def response_message():
    """SimpleResponse{payload{body}} behind gRPC's prefix."""
    payload = b"\x12" + varint(RESPONSE_BYTES) + bytes(RESPONSE_BYTES)
    message = b"\x0a" + varint(len(payload)) + payload
    return b"\0" + struct.pack(">I", len(message)) + message


def literal(name, value):
    """A header field that is not indexed (RFC 7541 section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


RESPONSE = response_message()
RESPONSE_HEADERS = b"\x88" + literal(b"content-type", b"application/grpc")
TRAILERS = literal(b"grpc-status", b"0")


class Server:
    """What all connections of one case have in common."""

    def __init__(self, case):
        self.case = case
        self.faults = []
        self.answered = 0
        self.connections = []

    def fault(self, words):
        self.faults.append(words)


class Stream:
    def __init__(self, window):
        self.window = window
        self.body = None  # what is left to send; None: the request is not complete


class Connection:
    def __init__(self, server, client):
        self.server = server
        self.socket = client
        self.input = b""
        self.window = DEFAULT_WINDOW
        self.stream_window = DEFAULT_WINDOW
        self.streams = {}
        self.pings = 0
        self.pongs = 0
        self.gone_away = False
        self.requests = 0
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, 1 << 20)
        if server.case == "max_streams":
            settings += struct.pack(">HI", MAX_CONCURRENT_STREAMS, 1)
        self.send(SETTINGS, 0, 0, settings)
        self.send(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))

    def send(self, kind, flags, stream, payload=b""):
        if self.server.case == "ping" and kind not in (PING, SETTINGS):
            self.pings += 1
            self.send(PING, 0, 0, struct.pack(">Q", self.pings))
        head = struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream)
        self.socket.sendall(head + payload)

    def receive(self, data):
        self.input += data
        if not self.requests and self.input.startswith(PREFACE):
            self.input = self.input[len(PREFACE):]
        while len(self.input) >= 9 and not PREFACE.startswith(self.input[:9]):
            length = int.from_bytes(self.input[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.input[3:9])
            if len(self.input) < 9 + length:
                return
            payload = self.input[9:9 + length]
            self.input = self.input[9 + length:]
            self.take(kind, flags, stream, payload)

    def take(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self.take_settings(payload)
        elif kind == WINDOW_UPDATE:
            self.take_window(stream, struct.unpack(">I", payload)[0])
        elif kind == PING:
            if flags & ACK:
                self.pongs += 1
            else:
                self.send(PING, ACK, 0, payload)
        elif kind == RST_STREAM:
            self.streams.pop(stream, None)
        elif kind == HEADERS:
            self.open(stream)
        if kind in (HEADERS, DATA) and flags & END_STREAM and stream in self.streams:
            self.answer(stream)

    def take_settings(self, payload):
        for at in range(0, len(payload), 6):
            name, value = struct.unpack(">HI", payload[at:at + 6])
            if name == INITIAL_WINDOW_SIZE:
                for stream in self.streams.values():
                    stream.window += value - self.stream_window
                self.stream_window = value
        self.send(SETTINGS, ACK, 0)

    def take_window(self, stream, more):
        if stream == 0:
            self.window += more
        elif stream in self.streams:
            self.streams[stream].window += more
        for each in list(self.streams):
            self.pump(each)

    def open(self, stream):
        if self.gone_away:
            return  # above the last stream of the GOAWAY: never answered
        self.requests += 1
        self.streams[stream] = Stream(self.stream_window)
        if self.server.case == "max_streams" and len(self.streams) > 1:
            self.server.fault("more streams are open than the limit allows")

    def answer(self, stream):
        case = self.server.case
        self.send(HEADERS, END_HEADERS, stream, RESPONSE_HEADERS)
        if case == "rst_after_header":
            self.reset(stream)
            return
        body = RESPONSE[:len(RESPONSE) // 2] if case == "rst_during_data" else RESPONSE
        self.streams[stream].body = body
        self.pump(stream)

    def reset(self, stream):
        self.send(RST_STREAM, 0, stream, struct.pack(">I", 0))
        del self.streams[stream]

    def pump(self, number):
        """Sends what the windows let pass."""
        stream = self.streams[number]
        padded = self.server.case == "data_frame_padding"
        overhead = 1 + PADDING_BYTES if padded else 0
        at_most = PADDED_DATA_BYTES if padded else FRAME_BYTES
        while stream.body:
            room = min(self.window, stream.window) - overhead
            part = stream.body[:max(0, min(room, at_most))]
            if not part:
                return
            stream.body = stream.body[len(part):]
            stream.window -= len(part) + overhead
            self.window -= len(part) + overhead
            if padded:
                self.send(DATA, PADDED, number, bytes([PADDING_BYTES]) + part + bytes(PADDING_BYTES))
            else:
                self.send(DATA, 0, number, part)
        if stream.body is not None:
            self.finish(number)

    def finish(self, stream):
        if self.server.case in ("rst_during_data", "rst_after_data"):
            self.reset(stream)
            return
        del self.streams[stream]
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS)
        self.server.answered += 1
        if self.server.case == "goaway" and not self.gone_away:
            self.gone_away = True
            self.send(GOAWAY, 0, 0, struct.pack(">II", stream, 0))


def serve(server, listener, process):
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while process.poll() is None:
        for key, _ in selector.select(0.05):
            if key.data is None:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    connection = Connection(server, client)
                except OSError:  # gone already
                    client.close()
                    continue
                server.connections.append(connection)
                selector.register(client, selectors.EVENT_READ, connection)
                continue
            try:
                data = key.fileobj.recv(1 << 18)
                if data:
                    key.data.receive(data)
            except OSError:
                data = b""
            if not data:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def check(server):
    """What can be said only at the end."""
    used = [each for each in server.connections if each.requests]
    if not used:
        server.fault("no request has come")
    if server.case == "goaway" and (len(used) != 2 or server.answered != 2):
        server.fault(f"{server.answered} calls came over {len(used)} connections, not 2 over 2")
    if server.case == "ping":
        for each in used:
            # The client leaves when it has its reply; the pings around the last frames may be on their way.
            if each.pongs < each.pings - 4:
                server.fault(f"{each.pongs} of {each.pings} pings were answered")


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CASES:
        sys.exit(__doc__)
    server = Server(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    command = [word.replace("{host}", host).replace("{port}", str(port)) for word in sys.argv[2:]]
    process = subprocess.Popen(command)
    serve(server, listener, process)
    check(server)
    for words in server.faults:
        print(f"http2_peer: {server.case}: {words}", file=sys.stderr)
    sys.exit(1 if server.faults else process.returncode != 0)


main()
