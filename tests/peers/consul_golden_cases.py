"""The calls of consul_golden_test.py, in order: each leaves what the next ones see.

{http}, {grpc} and {closed} are addresses: a web server (/STATUS answers with it), a gRPC server with the health
service, a port that nobody listens on. {index:PATH} and {hash:PATH} are the last ones that the path was answered with.
"""

import json
import random
import urllib.parse

NODE = "golden"


class Case:
    def __init__(self, method, path, body=None, until=None, change=None, name=None):
        self.method = method
        self.path = path
        self.body = body if body is None or isinstance(body, str) else json.dumps(body)
        self.until = until    # (body): whether what the call waits for has come about
        self.change = change  # (method, path, body): made while the call blocks
        self.name = name or f"{method} {path} {self.body or ''}"[:150]


def get(path, **options):
    return Case("GET", path, **options)


def put(path, body=None, **options):
    return Case("PUT", path, body, **options)


def filtered(path, expression):
    separator = "&" if "?" in path else "?"
    return get(f"{path}{separator}filter={urllib.parse.quote(expression)}", name=f"{path}: {expression}")


REGISTER = "/v1/agent/service/register"
CHECK = "/v1/agent/check/register"

WHOLE = {"ID": "r1", "Name": "rating", "Tags": ["v1", "Blue"], "Address": "10.0.0.1", "Port": 8082,
         "Meta": {"version": "2.1", "app_name": "x y"}, "Weights": {"Passing": 10, "Warning": 2},
         "EnableTagOverride": True, "TaggedAddresses": {"virtual": {"Address": "10.9.9.9", "Port": 99}},
         "Check": {"CheckID": "c1", "Name": "alive", "TTL": "600s", "Status": "passing", "Notes": "a note",
                   "DeregisterCriticalServiceAfter": "10m"}}
SECOND = {"ID": "r2", "Name": "rating", "Tags": ["v2"], "Address": "::1", "Port": 8083,
          "Checks": [{"TTL": "600s"}, {"TTL": "600s", "Status": "warning"}]}


# Nothing is registered yet.
EMPTY = [
    get("/v1/catalog/services"),
    get("/v1/catalog/nodes"),
    get("/v1/catalog/datacenters"),
    get("/v1/catalog/service/absent"),
    get("/v1/catalog/node/absent"),
    get("/v1/catalog/node-services/absent"),
    get("/v1/health/service/absent"),
    get("/v1/health/service/absent?passing"),
    get("/v1/health/checks/absent"),
    get("/v1/health/node/absent"),
    get("/v1/agent/services"),
    get("/v1/agent/checks"),
    get("/v1/agent/service/absent"),
    get("/v1/agent/health/service/id/absent"),
    get("/v1/agent/health/service/name/absent"),
    get("/v1/agent/health/service/id/absent?format=text"),
    get("/v1/agent/self"),
    get("/v1/agent/members"),
    get("/v1/status/leader"),
    get("/v1/status/peers"),
]

# Registrations: every field, and as little as there may be.
REGISTRATIONS = [
    put(REGISTER, WHOLE),
    put(REGISTER, SECOND),
    put(REGISTER, {"Name": "bare"}),
    put(REGISTER, {"name": "snake", "id": "s1", "enable_tag_override": True, "tagged_addresses": {
        "lan": {"address": "10.0.0.7", "port": 7}}, "check": {"ttl": "10m", "deregister_critical_service_after": "20m"}}),
    put(REGISTER, {"Name": "socket", "SocketPath": "/run/socket.sock"}),
    put(REGISTER, {"Name": "native", "Port": 1, "Connect": {"Native": True}}),
    put(REGISTER, {"Name": "numbers", "Check": {"TTL": 600000000000}}),
    put(REGISTER, {"Name": "nothing", "Check": {}, "Checks": None, "Meta": None, "Tags": None, "Weights": None}),
    get("/v1/agent/services"),
    get("/v1/agent/service/r1"),
    get("/v1/agent/service/r2"),
    get("/v1/agent/service/socket"),
    get("/v1/agent/service/native"),
    get("/v1/agent/checks"),
    get("/v1/catalog/services", until=lambda body: "nothing" in body),
    get("/v1/catalog/service/rating", until=lambda body: len(body) == 2),
    get("/v1/catalog/service/rating?tag=v1"),
    get("/v1/catalog/service/rating?tag=blue"),
    get("/v1/catalog/service/rating?tag=v1&tag=v2"),
    get("/v1/catalog/service/rating?near=_agent"),
    get("/v1/catalog/service/bare"),
    get("/v1/catalog/service/socket"),
    get("/v1/catalog/service/native"),
    get(f"/v1/catalog/node/{NODE}"),
    get(f"/v1/catalog/node-services/{NODE}"),
    get("/v1/catalog/nodes?node-meta=absent:x"),
    get("/v1/catalog/nodes?node-meta=consul-network-segment:"),
    get("/v1/catalog/services?node-meta=absent:x"),
    get("/v1/catalog/service/rating?node-meta=absent:x"),
    get("/v1/health/service/rating?node-meta=absent:x"),
    get("/v1/health/service/rating?near=_agent&stale", until=lambda body: len(body) == 2),
    get("/v1/health/service/rating?passing"),
    get("/v1/health/service/rating?passing=1"),
    get("/v1/health/service/rating?passing=false"),
    get("/v1/health/service/rating?passing=maybe"),
    get("/v1/health/service/rating?tag=v2"),
    get("/v1/health/service/bare"),
    get("/v1/health/checks/rating"),
    get(f"/v1/health/node/{NODE}"),
    get("/v1/health/state/any"),
    get("/v1/health/state/passing"),
    get("/v1/health/state/warning"),
    get("/v1/health/state/critical"),
    get("/v1/health/state/bogus"),
    get("/v1/agent/health/service/id/r1"),
    get("/v1/agent/health/service/id/r2"),
    get("/v1/agent/health/service/id/r1?format=text"),
    get("/v1/agent/health/service/id/r2?format=text"),
    get("/v1/agent/health/service/name/rating"),
    get("/v1/agent/health/service/name/rating?format=text"),
    get("/v1/agent/health/service/name/bare"),
]

# Reports on TTL checks.
REPORTS = [
    put("/v1/agent/check/warn/c1?note=so%20so"),
    get("/v1/agent/health/service/id/r1"),
    get("/v1/health/checks/rating", until=lambda body: any(
        check["CheckID"] == "c1" and check["Status"] == "warning" for check in body)),
    put("/v1/agent/check/fail/c1"),
    get("/v1/agent/checks"),
    put("/v1/agent/check/pass/c1?note=well"),
    put("/v1/agent/check/update/c1", {"Status": "warning", "Output": "output"}),
    put("/v1/agent/check/update/c1", {"Status": "passing", "Output": "x" * 5000}),
    get("/v1/agent/checks"),
    put("/v1/agent/check/update/c1", {"Status": "well"}),
    put("/v1/agent/check/update/c1", "nonsense"),
    put("/v1/agent/check/update/absent", {"Status": "passing"}),
    put("/v1/agent/check/pass/absent"),
    put("/v1/agent/check/pass/"),
]

# Checks of their own, and what is wrong with some.
CHECKS = [
    put(CHECK, {"Name": "node check", "TTL": "10m"}),
    put(CHECK, {"ID": "n2", "Name": "another", "Notes": "of the node", "TTL": "10m", "Status": "passing"}),
    put(CHECK, {"ID": "b1", "Name": "of bare", "ServiceID": "bare", "TTL": "10m"}),
    put(CHECK, {"ID": "b2", "Name": "small", "ServiceID": "bare", "TTL": "10m", "OutputMaxSize": 4}),
    put("/v1/agent/check/pass/b2?note=0123456789"),
    put("/v1/agent/check/deregister/node%20check"),
    put("/v1/agent/check/deregister/node%20check"),
    get("/v1/agent/checks"),
    get("/v1/health/service/bare", until=lambda body: any(check["CheckID"] == "b2" and check["Status"] == "passing"
                                                           for check in body[0]["Checks"])),
    put(CHECK, {"TTL": "1s"}),
    put(CHECK, {"Name": "x"}),
    put(CHECK, {"Name": "x", "TTL": "1s", "Status": "well"}),
    put(CHECK, {"Name": "x", "TTL": "1s", "Interval": "1s"}),
    put(CHECK, {"Name": "x", "HTTP": "http://localhost/"}),
    put(CHECK, {"Name": "x", "TCP": "localhost:1"}),
    put(CHECK, {"Name": "x", "TTL": "soon"}),
    put(CHECK, {"Name": "x", "TTL": "1s", "ServiceID": "absent"}),
    put(CHECK, {"Name": "x", "TTL": "1s", "Bogus": 1}),
    put(CHECK, {"Name": "x", "AliasService": "bare", "TTL": "1s"}),
    put(CHECK, {"Name": "x", "AliasService": "bare", "TCP": "localhost:1", "Interval": "1s"}),
    put(CHECK, {"Name": "x", "TCP": "localhost:1", "Interval": "1s", "FailuresBeforeWarning": 3,
                "FailuresBeforeCritical": 2}),
    put(CHECK, {"Name": "x", "Args": ["true"], "Interval": "1s"}),
    put(CHECK, "[]"),
    put(CHECK, "{"),
    put(CHECK, ""),
    put(CHECK, {"Name": 5, "TTL": "1s"}),
]

# Silence.
EXPIRY = [
    put(REGISTER, {"Name": "silent", "Checks": [{"CheckID": "mute", "TTL": "1s", "Status": "passing"},
                                                {"CheckID": "said", "TTL": "1s"}]}),
    put("/v1/agent/check/pass/said?note=the%20last%20word"),
    get("/v1/agent/health/service/id/silent", until=lambda body: all(
        "TTL expired" in check["Output"] for check in body["Checks"] if check["ServiceID"] == "silent")),
    get("/v1/health/service/silent", until=lambda body: len(body) == 1 and all(
        check["Status"] == "critical" for check in body[0]["Checks"] if check["ServiceID"] == "silent")),
    put("/v1/agent/service/deregister/silent"),
]

# Checks that the registry makes itself; alias checks.
PROBES = [
    put(REGISTER, {"Name": "probed", "Checks": [
        {"CheckID": "ok", "HTTP": "http://{http}/200", "Interval": "1s", "Timeout": "5s"},
        {"CheckID": "busy", "HTTP": "http://{http}/429", "Interval": "1s", "Method": "POST", "Body": "x",
         "Header": {"X-A": ["1", "2"]}},
        {"CheckID": "broken", "HTTP": "http://{http}/500", "Interval": "1s", "OutputMaxSize": 3},
        {"CheckID": "tcp", "TCP": "{http}", "Interval": "1s"},
        {"CheckID": "refused", "TCP": "{closed}", "Interval": "1s", "Status": "passing"},
        {"CheckID": "grpc", "GRPC": "{grpc}", "Interval": "1s"},
        {"CheckID": "h2ping", "H2PING": "{grpc}", "H2PingUseTLS": False, "Interval": "1s"},
        {"CheckID": "thrice", "TCP": "{closed}", "Interval": "1s", "Status": "passing", "FailuresBeforeWarning": 1,
         "FailuresBeforeCritical": 1000},
        {"CheckID": "slowly", "TCP": "{http}", "Interval": "1s", "SuccessBeforePassing": 1000},
    ]}),
    get("/v1/agent/health/service/id/probed", until=lambda body: all(
        check["Output"] for check in body["Checks"] if check["ServiceID"] == "probed")),
    put(REGISTER, {"Name": "alias", "Checks": [{"CheckID": "a1", "AliasService": "r1"},
                                               {"CheckID": "a2", "AliasService": "bare"},
                                               {"CheckID": "a3", "AliasService": "absent"}]}),
    get("/v1/agent/health/service/id/alias", until=lambda body: all(
        check["Output"] for check in body["Checks"] if check["ServiceID"] == "alias")),
    put("/v1/agent/check/warn/c1?note=aliased"),
    get("/v1/agent/health/service/id/alias", until=lambda body: any(
        check["Status"] == "warning" for check in body["Checks"])),
    put("/v1/agent/check/pass/c1"),
    put("/v1/agent/service/deregister/alias"),
    put("/v1/agent/service/deregister/probed"),
]

# What a registration may not be.
BAD_REGISTRATIONS = [
    put(REGISTER, {}),
    put(REGISTER, ""),
    put(REGISTER, "{"),
    put(REGISTER, "[]"),
    put(REGISTER, {"Name": "x", "Bogus": 1}),
    put(REGISTER, {"Name": "x", "Address": "0.0.0.0"}),
    put(REGISTER, {"Name": "x", "Check": {"TTL": "x"}}),
    put(REGISTER, {"Name": "x", "Check": {"TTL": "1s", "Status": "well"}}),
    put(REGISTER, {"Name": "x", "Check": {"HTTP": "http://x/"}}),
    put(REGISTER, {"Name": "x", "Checks": [{}]}),
    put(REGISTER, {"Name": "x", "Weights": {"Passing": 0, "Warning": 1}}),
    put(REGISTER, {"Name": "x", "Weights": {"Passing": 1, "Warning": -1}}),
    put(REGISTER, {"Name": "x", "Weights": {"Passing": 70000, "Warning": 1}}),
    put(REGISTER, {"Name": "x", "Meta": {"": "x"}}),
    put(REGISTER, {"Name": "x", "Meta": {"k" * 129: "x"}}),
    put(REGISTER, {"Name": "x", "Meta": {"k": "x" * 513}}),
    put(REGISTER, {"Name": "x", "Meta": {f"k{i}": "" for i in range(65)}}),
    put(REGISTER, {"Name": "x", "Meta": {"a b": "x"}}),
    put(REGISTER, {"Name": "x", "Port": 1, "SocketPath": "/x"}),
    put(REGISTER, {"Name": "x", "TaggedAddresses": {"lan_ipv4": {"Address": "::1", "Port": 1}}}),
    put(REGISTER, {"Name": "x", "TaggedAddresses": {"lan_ipv6": {"Address": "10.0.0.1", "Port": 1}}}),
    put(REGISTER, {"Name": "kinded", "Kind": "connect-proxy", "Port": 1, "Proxy": {"DestinationServiceName": "x"}}),
    put("/v1/agent/service/deregister/kinded"),
    put(REGISTER, {"Name": "x", "Tags": "v1"}),
    put(REGISTER, {"Name": "x", "Tags": [1]}),
    put(REGISTER, {"Name": 5}),
    put(REGISTER, {"Name": "x", "Port": "80"}),
    get("/v1/agent/service/x"),
]

# Maintenance, and replacing checks.
MAINTENANCE = [
    put("/v1/agent/service/maintenance/r1?enable=true&reason=a%20reason"),
    get("/v1/agent/health/service/id/r1"),
    get("/v1/health/service/rating", until=lambda body: any(
        check["CheckID"].startswith("_service_maintenance") for entry in body for check in entry["Checks"])),
    put("/v1/agent/service/maintenance/r1?enable=true"),
    put("/v1/agent/service/maintenance/r1?enable=false"),
    put("/v1/agent/service/maintenance/r1?enable=false"),
    put("/v1/agent/service/maintenance/r2?enable=1"),
    get("/v1/agent/checks"),
    put("/v1/agent/service/maintenance/r2?enable=0"),
    put("/v1/agent/service/maintenance/absent?enable=true"),
    put("/v1/agent/service/maintenance/absent?enable=false"),
    put("/v1/agent/service/maintenance/r1"),
    put("/v1/agent/service/maintenance/r1?enable=maybe"),
    put("/v1/agent/service/maintenance/?enable=true"),
    put("/v1/agent/maintenance?enable=true&reason=of%20the%20node"),
    get("/v1/agent/checks"),
    get("/v1/agent/health/service/id/r1"),
    get("/v1/health/service/rating?passing", until=lambda body: body == []),
    put("/v1/agent/maintenance?enable=false"),
    put("/v1/agent/maintenance"),
    put("/v1/agent/maintenance?enable=maybe"),
    put("/v1/agent/check/pass/_node_maintenance"),
    put(REGISTER + "?replace-existing-checks=true", dict(SECOND, Checks=[{"CheckID": "new", "TTL": "10m"}])),
    put(REGISTER + "?replace-existing-checks=maybe", dict(SECOND, Checks=[{"CheckID": "other", "TTL": "10m"}])),
    get("/v1/agent/health/service/id/r2"),
    put(REGISTER, {"Name": "moved", "ID": "r2", "Tags": ["v3"], "Checks": [{"CheckID": "new", "TTL": "10m"},
                                                                           {"CheckID": "other", "TTL": "10m"}]}),
    get("/v1/agent/service/r2"),
    get("/v1/health/service/moved", until=lambda body: len(body) == 1),
    get("/v1/catalog/service/rating", until=lambda body: len(body) == 1),
]

# Queries: filters.
FILTERS = [
    *[filtered("/v1/health/service/rating", expression) for expression in (
        "Service.ID == r1", "Service.ID != r1", "Service.Meta.version == `2.1`", "Service.Meta.app_name == \"x y\"",
        "Service.Meta[\"app_name\"] == \"x y\"", "Service.Meta.absent == x", "Service.Meta.absent != x",
        "Service.Meta.absent matches x", "Service.Meta is not empty", "version in Service.Meta",
        "v1 in Service.Tags", "Service.Tags contains v9", "\"v9\" not in Service.Tags", "Service.Tags is empty",
        "Service.Port == 8082", "Service.Port == \"0x1f92\"", "Service.Weights.Passing == 10",
        "Service.EnableTagOverride == true", "Service.TaggedAddresses.virtual.Port == 99",
        "Service.Connect.Native == true", "Service.ServiceConnect.Native == true", "Service.Proxy.Upstreams is empty", "Service.Kind == \"\"",
        "Checks.Status == passing", "Checks.Status != passing", "not Checks.Status != passing",
        "Checks.Output matches `x{3}`", "Checks.CheckID == c1 and Service.Port != 1",
        "Service.ID matches \"^r[0-9]$\"", "Service.ID not matches \"(?i)^R\"", "Service.ID matches ``",
        f"Node.Node == {NODE}", "Node.Meta is empty", "(Service.ID == x or (Service.ID == r1))",
        "not (Service.ID == r1 and Service.Port == 1)", "not not Service.ID == r1", "Service.ID == \"\\x72\\061\"",
        # What cannot be read.
        "bad", "bad bad", "(", "()", "Service.ID ==", "Service.ID == r1 x", "Service.ID == r1 and", "and", "not",
        "(Service.ID == r1", "Service.ID == r1)", "Service.ID == \"r1", "Service.ID == `r1", "Service.ID == \"\\q\"",
        "Service.Port == 08", "Service.Port == 1x", "Service.Port == -", "Service.Meta[x] == 1",
        "Service.Meta[\"x\" == 1", "Service.Meta[\"x] == 1", "Service.ID. == 1", "3 in 4", "3 in Service.Tags x",
        "v1 not Service.Tags", "Service.Tags is", "Service.Tags is not", "Service.ID\n== r1 x", "\u00e4 == 1",
        "Service.ID == \u00e4",
        # What cannot be selected, or compared so.
        "Bogus == 1", "Service.Bogus == 1", "Service.ID.x == 1", "Service.Meta.a.b == 1", "Service == 1",
        "Service.Tags == v1", "Service.Port is empty", "Service.Port == x", "Service.Port == 1.5",
        "Service.Port == 9223372036854775808", "Service.EnableTagOverride == si", "Service.Port matches 8",
        "Service.Tags matches v1", "Checks == 1", "Service.CreateIndex == 1",
        # Regular expressions that there are not.
        "Service.ID matches \"(\"", "Service.ID matches `a)`", "Service.ID matches `[a`", "Service.ID matches `*a`",
        "Service.ID matches `a**`", "Service.ID matches `a\\k`", "Service.ID matches `a{1001}`",
        "Service.ID matches `(?=a)`", "Service.ID matches `\\1`", "Service.ID matches `a\\`")],
    filtered("/v1/health/service/rating?passing", "Service.ID == r1"),
    filtered("/v1/health/checks/rating", "CheckID == c1"),
    filtered("/v1/health/checks/rating", "CheckId == c1"),
    filtered("/v1/health/state/any", "ServiceName == rating and Status == passing"),
    filtered(f"/v1/health/node/{NODE}", "Type == ttl and ServiceTags contains v1"),
    filtered("/v1/catalog/service/rating", "ServiceMeta.version == 2.1"),
    filtered("/v1/catalog/service/rating", "ServiceTags contains v9"),
    filtered("/v1/catalog/service/rating", "Service.ID == r1"),
    filtered("/v1/catalog/services", "ServiceName == rating"),
    filtered("/v1/catalog/services", "ServiceTags is not empty"),
    filtered("/v1/catalog/nodes", "Meta is empty"),
    filtered("/v1/catalog/nodes", "Bogus == 1"),
    filtered("/v1/catalog/nodes", f"Node == {NODE}"),
    filtered(f"/v1/catalog/node/{NODE}", "Service == rating"),
    filtered(f"/v1/catalog/node-services/{NODE}", "Service == rating"),
    filtered("/v1/agent/services", "Service == rating"),
    filtered("/v1/agent/services", "Tags contains v1 or ID == bare"),
    filtered("/v1/agent/services", "Bogus == 1"),
    filtered("/v1/agent/checks", "CheckID == c1"),
    filtered("/v1/agent/checks", "Status == passing and ServiceID == r1"),
    filtered("/v1/agent/checks", "("),
    filtered("/v1/agent/members", f"Name == {NODE}"),
    filtered("/v1/agent/members", "Tags.dc == dc2"),
    filtered("/v1/agent/members", "Bogus == 1"),
]

# Expressions by chance, most of them wrong somewhere: the seed is fixed, so that each run makes the same.
RANDOM_SEED = 20
RANDOM_COUNT = 300
SELECTORS = ("Service.ID", "Service.Port", "Service.Tags", "Service.Meta", "Service.Meta.version", "Checks.Status",
             "Service.EnableTagOverride", "Service.TaggedAddresses.virtual.Port", "Node.Meta", "Service", "Bogus",
             "Service.Meta[\"version\"]", "Service.Meta[`a b`]", "Checks", "not", "in", "Service.", "Service.Meta[")
VALUES = ("r1", "8082", "0", "-1", "1.5", "true", "\"r1\"", "`passing`", "\"\\x72\\u0031\"", "\"^r[0-9]+$\"", "v1", "\"",
          "`", "01", "\"\\q\"", "(", "version", "a.b[\"c\"]", "\"0x1f92\"", "[")
OPERATORS = (" == ", "==", " != ", " contains ", " not contains ", " matches ", " not matches ", " is empty",
             " is not empty", " is ", " in ", " not in ", " ", "")


def random_expression(chance, depth=0):
    form = chance.randrange(10)
    if depth < 3 and form < 2:
        return random_expression(chance, depth + 1) + chance.choice((" and ", " or ", " and", " xor ")) + \
            random_expression(chance, depth + 1)
    if depth < 3 and form == 2:
        return chance.choice(("not ", "not", "not not ")) + random_expression(chance, depth + 1)
    if depth < 3 and form == 3:
        return chance.choice(("(", "( ", "((")) + random_expression(chance, depth + 1) + chance.choice((")", " )", ""))
    if form < 6:
        return chance.choice(VALUES) + chance.choice(OPERATORS) + chance.choice(SELECTORS)
    operator = chance.choice(OPERATORS)
    return chance.choice(SELECTORS) + operator + ("" if operator.endswith("empty") else chance.choice(VALUES))


def random_filters():
    chance = random.Random(RANDOM_SEED)
    return [filtered("/v1/health/service/rating", random_expression(chance)) for _ in range(RANDOM_COUNT)]


# Queries: blocking.
BLOCKING = [
    get("/v1/health/service/rating"),
    get("/v1/health/service/rating?index={index:/v1/health/service/rating}&wait=50ms"),
    get("/v1/health/service/rating?index={index:/v1/health/service/rating}&wait=30s",
        change=("PUT", "/v1/agent/check/warn/c1?note=blocked", None)),
    get("/v1/health/service/rating"),
    get("/v1/health/service/rating?index={index:/v1/health/service/rating}&wait=30s&passing",
        change=("PUT", "/v1/agent/check/pass/c1?note=", None)),
    get("/v1/catalog/services"),
    get("/v1/catalog/services?index={index:/v1/catalog/services}&wait=30s",
        change=("PUT", REGISTER, json.dumps({"Name": "newcomer"}))),
    get("/v1/health/service/rating?index=x"),
    get("/v1/health/service/rating?wait=x"),
    get("/v1/health/service/rating?wait=10"),
    get("/v1/health/service/rating?index=0&wait=10s"),
    get("/v1/health/service/rating?consistent"),
    get("/v1/health/service/rating?stale&consistent"),
    get("/v1/health/service/rating?dc=dc1"),
    get("/v1/health/service/rating?dc=elsewhere"),
    get("/v1/catalog/nodes?dc=elsewhere"),
    get("/v1/health/service/rating?ns=default"),
    get("/v1/agent/service/r1"),
    get("/v1/agent/service/r1?hash={hash:/v1/agent/service/r1}&wait=50ms"),
    get("/v1/agent/service/r1?hash={hash:/v1/agent/service/r1}&wait=30s",
        change=("PUT", REGISTER, json.dumps(dict(WHOLE, Port=8084)))),
    get("/v1/agent/service/r1?hash=other&wait=30s"),
    get("/v1/agent/service/absent?hash=x&wait=30s"),
]

# Paths and methods.
METHODS = [
    Case("POST", REGISTER, "{}"),
    Case("GET", REGISTER),
    Case("DELETE", "/v1/health/service/rating"),
    Case("PUT", "/v1/catalog/services"),
    Case("OPTIONS", REGISTER),
    Case("OPTIONS", "/v1/health/service/rating"),
    get("/v1/health/service/"),
    get("/v1/catalog/service/"),
    get("/v1/health/checks/"),
    get("/v1/health/node/"),
    get("/v1/health/state/"),
    get("/v1/catalog/node/"),
    get("/v1/catalog/node-services/"),
    get("/v1/agent/health/service/id/"),
    get("/v1/agent/health/service/name/"),
]

# The catalog's own writes.
CATALOG = [
    put("/v1/catalog/register", {"Node": "other", "Address": "10.0.0.2"}),
    put("/v1/catalog/register", {
        "Node": "other", "Address": "10.0.0.2", "NodeMeta": {"os": "linux"}, "TaggedAddresses": {"wan": "1.2.3.4"},
        "Service": {"ID": "e1", "Service": "external", "Tags": ["v1"], "Address": "10.0.0.3", "Port": 9,
                    "Meta": {"a": "b"}},
        "Check": {"Node": "other", "CheckID": "service:e1", "Name": "external check", "Notes": "n",
                  "Status": "passing", "ServiceID": "e1", "Definition": {"TCP": "localhost:1", "Interval": "5s",
                                                                          "Timeout": "1s"}}}),
    put("/v1/catalog/register", {"Node": "other", "Address": "10.0.0.2", "Service": {"Service": "external"},
                                 "Checks": [{"CheckID": "n", "Name": "node", "Status": "critical"}]}),
    get("/v1/catalog/nodes"),
    get("/v1/catalog/nodes?node-meta=os:linux"),
    get("/v1/catalog/services"),
    get("/v1/catalog/services?node-meta=os:linux"),
    get("/v1/catalog/service/external"),
    get("/v1/catalog/node/other"),
    get("/v1/catalog/node-services/other"),
    get("/v1/health/service/external"),
    get("/v1/health/service/external?passing"),
    get("/v1/health/checks/external"),
    get("/v1/health/node/other"),
    get("/v1/health/state/critical"),
    get("/v1/agent/service/e1"),
    put("/v1/catalog/register", {"Node": "other"}),
    put("/v1/catalog/register", {"Address": "10.0.0.2"}),
    put("/v1/catalog/register", {"Node": "other", "Address": "10.0.0.2", "Service": {"ID": "x"}}),
    put("/v1/catalog/register", "{"),
    put("/v1/catalog/register", {"Node": "other", "Address": "10.0.0.2", "Bogus": 1}),
    put("/v1/catalog/deregister", {"Node": "other", "CheckID": "n"}),
    get("/v1/health/service/external?passing"),
    put("/v1/catalog/deregister", {"Node": "other", "ServiceID": "e1"}),
    get("/v1/catalog/service/external"),
    put("/v1/catalog/deregister", {"Node": "other"}),
    get("/v1/catalog/nodes"),
    get("/v1/catalog/service/external"),
    put("/v1/catalog/deregister", {"Node": "absent"}),
    put("/v1/catalog/deregister", {}),
    put("/v1/catalog/deregister", "{"),
]

# The end.
DEREGISTRATIONS = [
    put("/v1/agent/service/deregister/r1"),
    put("/v1/agent/service/deregister/r1"),
    put("/v1/agent/service/deregister/"),
    put("/v1/agent/check/pass/c1"),
    get("/v1/health/service/rating", until=lambda body: body == []),
    get("/v1/catalog/services", until=lambda body: "rating" not in body),
]


def all_cases():
    for group in (EMPTY, REGISTRATIONS, REPORTS, CHECKS, EXPIRY, PROBES, BAD_REGISTRATIONS, MAINTENANCE, FILTERS,
                  random_filters(), BLOCKING, METHODS, CATALOG, DEREGISTRATIONS):
        yield from group
