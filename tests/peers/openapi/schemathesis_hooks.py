"""What Schemathesis cannot know of the services, for schemathesis.toml: each is told why."""
import itertools
import os
import re

import schemathesis

TIMEOUT = "connect-timeout-ms"
TIMEOUT_MS = 1000
EVENT = os.environ["MARQUEE_EVENT"]
METHOD = re.compile(r"/[A-Za-z0-9.]+/[A-Z]")
KEY = "idempotency-key"
VALID_KEY = re.compile(r'(?=.{1,255}$)(?:"(?:[ !#-\[\]-~]|\\["\\])+"|[!#-+\--:<-\[\]-~]+)')  # as the documents have it
LONG_KEY = 240
drawn = itertools.count()
PLACE = re.compile(r"[0-9]{1,3}:[0-9]{1,18}")


def limit_timeout(headers):
    """A call that may take long does, where it asks for an event that nobody sends. What is no number stays wrong."""
    given = headers.get(TIMEOUT)
    if given is None or (re.fullmatch("[0-9]{4,10}", str(given))):
        headers[TIMEOUT] = str(TIMEOUT_MS)


def draw_key(headers):
    """Each request is a write of its own: with the key of another it would be refused before it is looked at. What is no
    key stays wrong."""
    given = str(headers.get(KEY, ""))
    if not VALID_KEY.fullmatch(given):
        return
    quote = '"' if given.startswith('"') else ""
    if len(given) > LONG_KEY:
        headers[KEY] = quote + f"{next(drawn)}".ljust(len(given) - 2 * len(quote), "k") + quote
    else:
        headers[KEY] = f"{given.removesuffix(quote)}-{next(drawn)}{quote}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if KEY in (case.headers or {}):
        draw_key(case.headers)
    if METHOD.match(case.path):
        case.headers = case.headers or {}
        limit_timeout(case.headers)
    query = case.query or {}
    if case.path == "/rating" and PLACE.fullmatch(str(query.get("after", ""))):
        query["after"] = EVENT  # a plain request has no timeout of its own


def is_within_bytes(value, schema):
    limit = schema.get("maxLength")
    return limit is None or not isinstance(value, str) or len(value) > limit or len(value.encode()) <= limit


@schemathesis.hook
def filter_case(context, case):
    """Lengths are of characters in JSON Schema and of bytes in the services: what only fits in characters is passed over."""
    schemas = {p["name"]: p.get("schema", {}) for p in case.operation.definition.raw.get("parameters", [])
               if p.get("in") == "query"}
    try:
        return all(is_within_bytes(value, schemas.get(name, {})) for name, value in (case.query or {}).items())
    except UnicodeEncodeError:
        return True  # it is not even text: to be refused
