#!/usr/bin/env python3
"""Tokens as a real Consul agent with ACLs takes them, and as marquee-registry does.

The same requests go to both, with the same tokens in the same places. A row says what both answer: the status and the
beginning of a refusal's text; the rows in which they differ say so, and docs/registry.md too. `marquee-metadata` then
registers with the agent by its own token, and without one does not.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED, WAIT_S = 77, 30
WRITER = "11111111-2222-3333-4444-555555555555"
READER = "22222222-3333-4444-5555-666666666666"
UNKNOWN = "33333333-4444-5555-6666-777777777777"
DENIED, NOT_FOUND = "Permission denied: ", "ACL not found"

# How a token is given: a part of the query, and headers.
NONE = "", {}


def query(token):
    return f"token={token}", {}


def header(token):
    return "", {"X-Consul-Token": token}


def bearer(token):
    return "", {"Authorization": f"Bearer {token}"}


def both(first, second):
    return first[0] or second[0], {**first[1], **second[1]}


SERVICES, SERVICE = "/v1/agent/services", '{"Name": "web"}'
REGISTER, DEREGISTER = "/v1/agent/service/register", "/v1/agent/service/deregister/web"

# (method, path, body, token, status, the text's beginning); a pair is Consul's and ours where they differ.
CASES = [
    ("PUT", REGISTER, SERVICE, NONE, 403, DENIED),
    ("PUT", REGISTER, SERVICE, query(UNKNOWN), 403, NOT_FOUND),
    ("PUT", REGISTER, SERVICE, header(UNKNOWN), 403, NOT_FOUND),
    ("PUT", REGISTER, SERVICE, query(READER), 403, DENIED),
    ("PUT", REGISTER, SERVICE, query(WRITER), 200, ""),
    ("PUT", REGISTER, SERVICE, header(WRITER), 200, ""),
    ("PUT", REGISTER, SERVICE, bearer(WRITER), 200, ""),
    ("PUT", REGISTER, SERVICE, both(query(UNKNOWN), header(WRITER)), 403, NOT_FOUND),
    ("PUT", REGISTER, SERVICE, both(query(WRITER), header(UNKNOWN)), 200, ""),
    ("PUT", REGISTER, SERVICE, both(header(UNKNOWN), bearer(WRITER)), 403, NOT_FOUND),
    ("PUT", REGISTER, SERVICE, both(header(WRITER), bearer(UNKNOWN)), 200, ""),
    ("PUT", REGISTER, SERVICE, ("", {"Authorization": f"Basic {WRITER}"}), 403, DENIED),
    ("PUT", REGISTER, SERVICE, ("token=", {"X-Consul-Token": "", "Authorization": f"Bearer {WRITER}"}), 200, ""),
    ("GET", SERVICES, None, query(WRITER), 200, '{"web":'),
    ("GET", SERVICES, None, query(READER), 200, '{"web":'),
    ("GET", SERVICES, None, query(UNKNOWN), 403, NOT_FOUND),
    ("GET", SERVICES, None, NONE, (200, 403), ("{}", DENIED)),
    ("GET", "/v1/catalog/services", None, header(UNKNOWN), 403, NOT_FOUND),
    ("GET", "/v1/catalog/services", None, NONE, (200, 403), ("{}", DENIED)),
    ("GET", "/v1/health/service/web", None, bearer(UNKNOWN), 403, NOT_FOUND),
    ("GET", "/v1/health/service/web", None, NONE, (200, 403), ("[]", DENIED)),
    ("GET", "/v1/agent/self", None, NONE, 403, DENIED),
    ("GET", "/v1/agent/self", None, header(UNKNOWN), 403, NOT_FOUND),
    ("GET", "/v1/agent/self", None, header(READER), 200, "{"),
    ("PUT", "/v1/catalog/deregister", '{"Node": "n"}', NONE, 403, DENIED),
    ("PUT", "/v1/catalog/deregister", '{"Node": "n"}', header(UNKNOWN), 403, NOT_FOUND),
    ("PUT", "/v1/agent/check/pass/none", None, header(UNKNOWN), 403, NOT_FOUND),
    ("PUT", "/v1/agent/check/pass/none", None, header(WRITER), 404, "Unknown check ID"),
    ("PUT", "/v1/agent/check/pass/none", None, NONE, (404, 403), ("Unknown check ID", DENIED)),
    ("GET", "/v1/status/leader", None, NONE, 200, '"127.0.0.1:'),
    ("GET", "/v1/status/leader", None, header(UNKNOWN), 200, '"127.0.0.1:'),
    ("GET", "/v1/status/peers", None, header(UNKNOWN), 200, '["127.0.0.1:'),
    ("GET", "/v1/catalog/datacenters", None, query(UNKNOWN), 200, '["dc1"]'),
    ("DELETE", SERVICES, None, NONE, 405, "method DELETE not allowed"),
    ("OPTIONS", SERVICES, None, header(UNKNOWN), 200, ""),
    ("PUT", DEREGISTER, None, header(UNKNOWN), 403, NOT_FOUND),
    ("PUT", DEREGISTER, None, header(READER), 403, DENIED),
    ("PUT", DEREGISTER, None, header(WRITER), 200, ""),
]


def ask(address, method, path, body=None, token=NONE):
    """The status, and the text without the spaces that Consul puts in JSON."""
    connection = http.client.HTTPConnection(*address, timeout=WAIT_S)
    connection.request(method, path + ("?" + token[0] if token[0] else ""), body, token[1])
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    if reply.headers.get("content-type") == "application/json":
        text = json.dumps(json.loads(text), separators=(",", ":"))
    return reply.status, text


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_consul(scratch):
    ports = {name: free_port() for name in ("http", "serf_lan", "server")}
    config = scratch / "consul.json"
    config.write_text(json.dumps({
        "disable_update_check": True,
        "ports": {**ports, "https": -1, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_wan": -1},
        "acl": {"enabled": True, "default_policy": "deny", "tokens": {"initial_management": WRITER}},
    }))
    process = subprocess.Popen(["consul", "agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1", "-config-file",
                                str(config)], stdout=(scratch / "consul.log").open("w"), stderr=subprocess.STDOUT,
                               cwd=scratch, env={"HOME": str(scratch), "PATH": os.environ["PATH"]})
    address = "127.0.0.1", ports["http"]
    rules = "".join(f'{kind}_prefix "" {{ policy = "read" }}\n' for kind in ("service", "node", "agent"))
    policy = json.dumps({"Name": "reading", "Rules": rules})
    reader = json.dumps({"SecretID": READER, "Policies": [{"Name": "reading"}]})
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if (ask(address, "PUT", "/v1/acl/policy", policy, header(WRITER))[0] == 200 and
                    ask(address, "PUT", "/v1/acl/token", reader, header(WRITER))[0] == 200):
                return process, address
        except OSError:
            pass
        time.sleep(0.05)  # Consul tells nobody when it is ready
    process.kill()
    sys.exit("consul_access_test: FAILED: Consul did not start\n" + (scratch / "consul.log").read_text()[-2000:])


def start(program, *arguments):
    """One of our programs, and where it listens."""
    process = subprocess.Popen([os.path.join(os.environ["MARQUEE_BIN"], program), "--listen=127.0.0.1:0", *arguments],
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        ready = re.search(r'message="ready" listen="([^":]+):(\d+)"', line)
        if ready:
            return process, (ready[1], int(ready[2]))
    sys.exit(f"consul_access_test: FAILED: {program} did not start")


def compare(theirs, ours):
    faults = 0
    for method, path, body, token, statuses, beginnings in CASES:
        for at, (name, address) in enumerate((("consul", theirs), ("the registry", ours))):
            status = statuses[at] if isinstance(statuses, tuple) else statuses
            beginning = beginnings[at] if isinstance(beginnings, tuple) else beginnings
            got, text = ask(address, method, path, body, token)
            if got != status or not text.startswith(beginning):
                print(f"consul_access_test: {method} {path} {token}: {name} answers {got} {text[:100]}")
                faults += 1
    differing = sum(isinstance(case[4], tuple) for case in CASES)
    print(f"consul_access_test: {len(CASES)} requests, {differing} of them answered otherwise on purpose, "
          f"{faults} faults")
    return faults


def register(scratch, consul):
    """Our client with its token, and without."""
    secrets = scratch / "secrets"
    secrets.write_text(f"metadata {WRITER}\n")
    registry = f"--registry={consul[0]}:{consul[1]}"
    faults = 0
    for options, words in (([f"--registry-token-file={secrets}"], 'message="registered"'),
                           ([], 'message="not registered; trying again" instance_of="metadata" reason="the registry '
                                'answers 403: Permission denied')):
        process, _ = start("marquee-metadata", "--store=memory", registry, *options)
        line = next((line for line in process.stderr if "registered" in line), "it ended, and said nothing of it")
        if words not in line:
            print(f"consul_access_test: marquee-metadata {options}: {line}")
            faults += 1
        process.terminate()
        process.communicate()
    return faults


def main():
    if shutil.which("consul") is None:
        print("consul_access_test: skipped: there is no consul (./dev peers consul)")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        (scratch / "writers").write_text(f"writer {WRITER}\n")
        (scratch / "readers").write_text(f"reader {READER}\n")
        consul, theirs = start_consul(scratch)
        registry, ours = start("marquee-registry", "--dns-listen=", "--audit-log=", f"--token-file={scratch}/writers",
                               f"--read-token-file={scratch}/readers")
        try:
            faults = compare(theirs, ours) + register(scratch, theirs)
        finally:
            for process in (consul, registry):
                process.terminate()
                process.wait(WAIT_S)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
