#!/usr/bin/env python3
"""Compares /openapi.json of every process of the running system with what it serves: with the methods that reflection
tells, with the plain routes that the sources name, and with what the handlers read: each described parameter is left
out, given twice, and given beyond its limits.

Ends with 77 where there is no curl."""
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY_METHOD = os.path.join(HERE, "..", "every_method")
sys.path.insert(0, EVERY_METHOD)

from route_table import routes_of  # noqa: E402
from running_system import PROCESSES, RunningSystem  # noqa: E402

PROBLEM = "application/problem+json"
# The registry answers as Consul does, which passes over what it does not know.
LIBERAL = ("registry",)
VALID = {"type": "movie", "after": "0:0"}


class Unredirected(urllib.request.HTTPRedirectHandler):
    """What leads elsewhere is an answer, too."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Unredirected)


def fetch(address, method, path, body=None):
    """(status, content-type, body)"""
    headers = {"content-type": "application/json"} if body is not None else {}
    request = urllib.request.Request(f"http://{address}{path}", method=method, data=body, headers=headers)
    try:
        with OPENER.open(request, timeout=20) as reply:
            return reply.status, reply.headers.get("content-type", ""), reply.read()
    except urllib.error.HTTPError as failure:
        with failure:
            return failure.code, failure.headers.get("content-type", ""), failure.read()


def methods_of(address):
    """The methods as reflection has them: "Service/Method"."""
    curl = subprocess.run([sys.executable, "curl_caller.py", shutil.which("curl"), "2"], cwd=EVERY_METHOD, check=True,
                          input=json.dumps({"do": "methods", "address": address}).encode() + b"\n", capture_output=True)
    return set(json.loads(curl.stdout)["methods"])


def is_method(path):
    return re.fullmatch(r"/[\w.]*[A-Z]\w*/[A-Z]\w*", path) is not None


def operations_of(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def as_route(path):
    return re.sub(r"\{\w+\}$", "*", path)


def compare(process, address, document):
    """What is served and not described, or described and not served."""
    described = {path.removeprefix("/") for path in document["paths"] if is_method(path)}
    plain = {(method, as_route(path)) for method, path, _ in operations_of(document) if not is_method(path)}
    methods, routes = methods_of(address), set(routes_of(process))
    yield from (f"{name} is not described" for name in sorted(methods - described))
    yield from (f"{name} is described and not served" for name in sorted(described - methods))
    yield from (f"{' '.join(route)} is not described" for route in sorted(routes - plain))
    yield from (f"{' '.join(route)} is described and no source names it" for route in sorted(plain - routes))


def references(part):
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def check_names(document):
    """References lead somewhere, components are referred to, and no two operations have one name."""
    used = set(references(document))
    places = {f"#/components/{kind}/{name}" for kind, parts in document["components"].items()
              if kind != "securitySchemes" for name in parts}
    yield from (f"{name} leads nowhere" for name in sorted(used - places))
    yield from (f"nothing refers to {name}" for name in sorted(places - used - {"#/components/schemas/ConnectError"}))
    names = [operation["operationId"] for _, _, operation in operations_of(document)]
    yield from (f"two operations are called {name}" for name in sorted({n for n in names if names.count(n) > 1}))


def valid_value(parameter):
    schema = parameter["schema"]
    if parameter["name"] in VALID:
        return VALID[parameter["name"]]
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": str(schema.get("minimum", 1)), "number": str(schema.get("minimum", 0)),
            "boolean": "true"}.get(schema["type"], "x" * max(1, schema.get("minLength", 1)))


def wrong_values(schema):
    """(what is wrong, the value) for each limit that the schema tells."""
    if schema["type"] in ("integer", "number"):
        yield "a word", "many"
        yield "nothing", ""
        for limit, step in (("minimum", -1), ("maximum", 1)):
            if limit in schema:
                yield f"beyond its {limit}", str(schema[limit] + step)
    if schema["type"] == "integer":
        yield "a fraction", "1.5"
    if schema["type"] == "boolean":
        yield "a word", "maybe"
    if schema["type"] == "string":
        yield "no UTF-8", "%ff"
        yield "a NUL", "%00"
    if schema.get("minLength", 0) > 0:
        yield "too short", "x" * (schema["minLength"] - 1)
    if "maxLength" in schema:
        yield "too long", "x" * (schema["maxLength"] + 1)
    if "enum" in schema:
        yield "none of them", "none-of-them"
    if "pattern" in schema:
        yield "against its pattern", "!"


def wrong_queries(parameters):
    """(words, query): each is wrong in one way."""
    valid = {p["name"]: valid_value(p) for p in parameters}
    needed = {p["name"]: valid[p["name"]] for p in parameters if p.get("required")}
    for parameter in parameters:
        name = parameter["name"]
        others = urllib.parse.urlencode({n: v for n, v in needed.items() if n != name})
        if parameter.get("required"):
            yield f"without {name}", others
        twice = urllib.parse.urlencode([(name, valid[name])] * 2)
        yield f"{name} twice", f"{others}&{twice}"
        for words, value in wrong_values(parameter["schema"]):
            yield f"{name} {words}", f"{others}&{name}={value}"


def provoke(address, document):
    """What is described is read: a wrong value of it is told to be wrong."""
    for method, path, operation in operations_of(document):
        parameters = [p for p in operation.get("parameters", []) if p.get("in") == "query"]
        if is_method(path) or not parameters:
            continue
        body = b'{"title":"t"}' if "requestBody" in operation else None
        for words, query in wrong_queries(parameters):
            status, kind, reply = fetch(address, method, f"{path}?{query}", body)
            if status != 400 or kind != PROBLEM:
                yield f"{method} {path} {words}: {status} {kind} {reply[:200]}"


def answers_as_described(address, document):
    """What is read answers with a status and a type that are described, whether there is such a thing or not."""
    for method, path, operation in operations_of(document):
        if is_method(path) or method != "GET":
            continue
        needed = {p["name"]: valid_value(p) for p in operation.get("parameters", [])
                  if p.get("in") == "query" and p.get("required")}
        texts = [{}] + [{"format": "text"} for p in operation.get("parameters", []) if p.get("name") == "format"]
        for text in texts:
            query = urllib.parse.urlencode({**needed, **text})
            status, kind, _ = fetch(address, method, f"{re.sub(r'{[^}]*}', 'none', path)}?{query}")
            answer = operation["responses"].get(str(status), {})
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            if answer == {} or kind.split(";")[0] not in [k.split(";")[0] for k in answer.get("content", {"": None})]:
                yield f"{method} {path} {query}: {status} {kind} is not described"


def check(system, process):
    address = system.addresses[process]
    status, kind, body = fetch(address, "GET", "/openapi.json")
    if status != 200 or kind != "application/json":
        return [f"{status} {kind}"]
    document = json.loads(body)
    found = [*compare(process, address, document), *check_names(document), *answers_as_described(address, document)]
    if process not in LIBERAL:
        found += provoke(address, document)
    if "not described" in system.log(process):
        found.append("its log tells of routes that are not described")
    return found


def check_the_check(document):
    """A document that lacks something is seen to."""
    path, item = next((path, item) for path, item in document["paths"].items() if is_method(path))
    less = {**document, "paths": {p: i for p, i in document["paths"].items() if p != path}}
    more = {**document, "paths": {**document["paths"], "/a.Service/Absent": item}}
    dangling = {**document, "x": {"$ref": "#/components/schemas/Absent"}}
    return (less, more), dangling


def main():
    if not shutil.which("curl"):
        print("openapi_document_test: skipped: there is no curl")
        sys.exit(77)
    failures = 0
    with RunningSystem(os.environ["MARQUEE_BIN"]) as system:
        for process in PROCESSES:
            for words in check(system, process):
                failures += 1
                print(f"FAILED: {process}: {words}")
        address = system.addresses["metadata"]
        others, dangling = check_the_check(json.loads(fetch(address, "GET", "/openapi.json")[2]))
        for other in others:
            failures += not list(compare("metadata", address, other))
        failures += not list(check_names(dangling))
    print(f"openapi_document_test: {len(PROCESSES)} documents, {failures} failures")
    sys.exit(1 if failures else 0)


main()
