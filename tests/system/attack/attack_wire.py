"""HTTP/2 by hand, for attack_test.py: frames, headers without compression, gRPC messages, and a connection
that says what it is told and keeps what it hears (RFC 9113, RFC 7541)."""
import select
import socket
import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4
WINDOW_MAX = 2**31 - 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ERRORS = {0: "NO_ERROR", 1: "PROTOCOL_ERROR", 2: "INTERNAL_ERROR", 7: "REFUSED_STREAM", 8: "CANCEL",
          11: "ENHANCE_YOUR_CALM"}
WAIT_S = 10  # for anything that must come


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in pairs))


def window_update(stream, more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def integer(number, bits, first=0):
    """RFC 7541 section 5.1."""
    top = (1 << bits) - 1
    if number < top:
        return bytes([first | number])
    out = [first | top]
    number -= top
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + [number])


def literal(name, value, indexed=False):
    return bytes([0x40 if indexed else 0]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def head(method, path, *fields):
    pairs = ((b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"a"), *fields)
    return b"".join(literal(name, value) for name, value in pairs)


ECHO_HEAD = head(b"POST", b"/marquee.test.EchoService/Echo", (b"content-type", b"application/grpc"),
                 (b"te", b"trailers"))
GZIP_HEAD = ECHO_HEAD + literal(b"grpc-encoding", b"gzip")


def message(payload, compressed=False):
    return bytes([compressed]) + struct.pack(">I", len(payload)) + payload


def request(stream, block, body=None, end=True):
    """HEADERS and, with a body, DATA."""
    last = END_STREAM if end else 0
    if body is None:
        return frame(HEADERS, END_HEADERS | last, stream, block)
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, last, stream, body)


def get(stream, path):
    return request(stream, head(b"GET", path))


class Connection:
    """Never blocks: say() keeps what the peer does not take, listen() what it says."""

    def __init__(self, address, opening=PREFACE + settings()):
        self.socket = socket.create_connection(address, WAIT_S)
        self.socket.setblocking(False)
        self.unsaid = b""
        self.heard = b""
        self.frames = []  # (kind, flags, stream, payload), when it speaks HTTP/2
        self.ended = None  # how: "closed", "reset"
        self.goaway = None  # its error code, by name
        if opening:
            self.say(opening)

    def say(self, data):
        self.unsaid += data
        self.flush()

    def flush(self):
        while self.unsaid and not self.ended:
            try:
                self.unsaid = self.unsaid[self.socket.send(self.unsaid):]
            except BlockingIOError:
                return
            except OSError:
                # Reading comes first to what it said before it went.
                self.unsaid = b""

    def listen(self):
        while not self.ended:
            try:
                data = self.socket.recv(1 << 18)
            except BlockingIOError:
                return
            except OSError:
                self.ended = "reset"
                return
            if not data:
                self.ended = "closed"
                return
            self.heard += data

    def take_frames(self):
        at = 0
        while len(self.heard) >= at + 9:
            length = int.from_bytes(self.heard[at:at + 3], "big")
            if len(self.heard) < at + 9 + length:
                break
            kind, flags, stream = struct.unpack(">BBI", self.heard[at + 3:at + 9])
            payload = self.heard[at + 9:at + 9 + length]
            at += 9 + length
            if kind == GOAWAY:
                self.goaway = ERRORS.get(struct.unpack(">I", payload[4:8])[0])
            self.frames.append((kind, flags, stream, payload))
        self.heard = self.heard[at:]

    def turn(self, timeout_s=0.0):
        """Waits for the peer, at most so long; then says and hears what goes."""
        if timeout_s > 0 and not self.ended:
            wait = select.poll()  # select() knows no descriptors past 1024
            wait.register(self.socket, select.POLLIN | (select.POLLOUT if self.unsaid else 0))
            wait.poll(1000 * timeout_s)
        self.flush()
        self.listen()
        if not self.heard.startswith(b"HTTP/1.1"):
            self.take_frames()

    def close(self):
        self.socket.close()

    def vanish(self):
        """As a machine that lost its power and came back: RST, whatever is under way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def ask(address, path):
    """GET over HTTP/1.1: status and body."""
    with socket.create_connection(address, WAIT_S) as peer:
        peer.sendall(b"GET " + path + b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        data = b""
        while part := peer.recv(1 << 18):
            data += part
    top, _, body = data.partition(b"\r\n\r\n")
    return int(top[9:12]), body
