"""curl, for every_method_test.py: the unary methods as JSON in the Connect protocol, by POST and where they
have no side effects by GET as well; reflection as gRPC. Arguments: curl, "1.1" or "2"."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import urllib.parse

PROGRAM = sys.argv[1]
VERSION = {"1.1": "--http1.1", "2": "--http2-prior-knowledge"}[sys.argv[2]]
REFLECTION = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
# The statuses of Connect's errors (connectrpc.com/docs/protocol, "Error codes").
STATUSES = {"CANCELED": 499, "UNKNOWN": 500, "INVALID_ARGUMENT": 400, "DEADLINE_EXCEEDED": 504, "NOT_FOUND": 404,
            "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403, "RESOURCE_EXHAUSTED": 429, "FAILED_PRECONDITION": 400,
            "ABORTED": 409, "OUT_OF_RANGE": 400, "UNIMPLEMENTED": 501, "INTERNAL": 500, "UNAVAILABLE": 503,
            "DATA_LOSS": 500, "UNAUTHENTICATED": 401}
# Fields of google.protobuf.FileDescriptorProto and what is in it.
FILE_PACKAGE, FILE_SERVICE, NAME, SERVICE_METHOD = 2, 6, 1, 2
METHOD_OPTIONS, METHOD_CLIENT_STREAMING, METHOD_SERVER_STREAMING, OPTION_IDEMPOTENCY = 4, 5, 6, 34
NO_SIDE_EFFECTS = 1


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        shift += 7
        if byte < 128:
            return value, at


def fields(data, number):
    """The values of one field of a message: numbers, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError(f"wire type {key & 7} in a descriptor")
        if key >> 3 == number:
            yield value


def field(data, number, otherwise):
    return next(fields(data, number), otherwise)


def run(url, *options):
    """(status, headers by name, body)"""
    with tempfile.TemporaryDirectory() as scratch:
        head = os.path.join(scratch, "head")
        result = subprocess.run([PROGRAM, "--silent", "--show-error", "--dump-header", head, *options, url],
                                check=True, capture_output=True)
        with open(head, encoding="utf-8") as lines:
            first, *rest = [line.strip() for line in lines if line.strip()]
    headers = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in rest)
    return int(first.split()[1]), {name.lower(): value for name, value in headers.items()}, result.stdout


def reflect(address, number, text):
    """The fields of that number in the reply to a request with the text in that field, over gRPC."""
    message = bytes([number << 3 | 2, len(text)]) + text.encode()
    with tempfile.NamedTemporaryFile() as body:
        body.write(struct.pack(">BI", 0, len(message)) + message)
        body.flush()
        _, headers, reply = run(f"http://{address}/{REFLECTION}", "--http2-prior-knowledge",
                                "--header", "content-type: application/grpc", "--header", "te: trailers",
                                "--data-binary", "@" + body.name)
    if headers.get("grpc-status") != "0" or reply[0] != 0:
        sys.exit(f"no reflection: {headers}")
    return reply[5:]


class Peer:
    def __init__(self, address):
        self.address = address
        self.kinds = {}  # (streams, has no side effects) by method
        listed = reflect(address, 7, "")
        for service in fields(field(listed, 6, b""), 1):
            self.read_service(field(service, NAME, b"").decode())

    def read_service(self, name):
        described = reflect(self.address, 4, name)
        for file in fields(field(described, 4, b""), 1):
            package = field(file, FILE_PACKAGE, b"").decode()
            for service in fields(file, FILE_SERVICE):
                full_name = ".".join(filter(None, [package, field(service, NAME, b"").decode()]))
                if full_name == name:
                    self.read_methods(name, service)

    def read_methods(self, name, service):
        for method in fields(service, SERVICE_METHOD):
            streams = field(method, METHOD_CLIENT_STREAMING, 0) or field(method, METHOD_SERVER_STREAMING, 0)
            idempotency = field(field(method, METHOD_OPTIONS, b""), OPTION_IDEMPOTENCY, 0)
            self.kinds[f"{name}/{field(method, NAME, b'').decode()}"] = (streams, idempotency == NO_SIDE_EFFECTS)

    def call(self, request):
        streams, safe = self.kinds[request["method"]]
        if streams:
            return {"code": None}
        message = json.dumps(request["requests"][0])
        options = [VERSION, "--header", f"connect-timeout-ms: {request['deadlineMs']}"]
        for name, value in request["metadata"].items():
            options += ["--header", f"{name}: {value}"]
        url = f"http://{self.address}/{request['method']}"
        posted = read(run(url, *options, "--header", "content-type: application/json",
                          "--header", "connect-protocol-version: 1", "--data-raw", message))
        if not safe:
            return posted
        query = urllib.parse.urlencode({"connect": "v1", "encoding": "json", "message": message})
        got = read(run(f"{url}?{query}", *options))
        if of_any_time(posted) != of_any_time(got):
            return {**got, "code": f"{posted['code']} by POST, {got['code']} by GET"}
        return posted


def of_any_time(seen):
    """Without headers, and without ages, which differ from one answer to the next."""
    if isinstance(seen, dict):
        return {name: of_any_time(value) for name, value in seen.items()
                if name != "headers" and not name.endswith("AgeMs")}
    return [of_any_time(value) for value in seen] if isinstance(seen, list) else seen


def read(reply):
    status, headers, body = reply
    content = json.loads(body)
    if headers["content-type"] != "application/json":
        return {"code": headers["content-type"], "message": "", "replies": [], "headers": headers}
    if status == 200:
        return {"code": "OK", "message": "", "replies": [content], "headers": headers}
    code = content["code"].upper()
    if STATUSES[code] != status:
        code += f" with {status}"
    return {"code": code, "message": content.get("message", ""), "replies": [], "headers": headers}


def main():
    peers = {}
    for line in sys.stdin:
        request = json.loads(line)
        address = request["address"]
        if address not in peers:
            peers[address] = Peer(address)
        peer = peers[address]
        answer = {"methods": list(peer.kinds)} if request["do"] == "methods" else peer.call(request)
        print(json.dumps(answer), flush=True)


main()
