"""How the registry's answers may differ from Consul's, and why. docs/registry.md tells each by its title."""


class Difference:
    def __init__(self, title, reason, apply):
        self.title = title
        self.reason = reason
        self.apply = apply  # (case, answer): takes it out of an answer, of either side


def drop_serf_check(case, answer):
    if isinstance(answer.body, list):
        answer.body = [entry for entry in answer.body
                       if not (isinstance(entry, dict) and entry.get("CheckID") == "serfHealth")]
        for entry in answer.body:
            if isinstance(entry, dict) and isinstance(entry.get("Checks"), list):
                entry["Checks"] = [check for check in entry["Checks"] if check.get("CheckID") != "serfHealth"]


def is_consul_service(entry):
    if not isinstance(entry, dict):
        return False
    service = entry.get("Service", entry)
    if isinstance(service, dict):
        return "consul" in (service.get("ID"), service.get("ServiceID"))
    return entry.get("ID") == "consul"


def drop_consul_service(case, answer):
    body = answer.body
    if isinstance(body, list):
        answer.body = [entry for entry in body if not is_consul_service(entry)]
    elif isinstance(body, dict):
        body.pop("consul", None)
        services = body.get("Services")
        if isinstance(services, dict):
            services.pop("consul", None)
        elif isinstance(services, list):
            body["Services"] = [entry for entry in services if not is_consul_service(entry)]


def drop_virtual_address(case, answer):
    """Of services that speak the mesh's protocol."""
    for holder in every_object(answer.body):
        for name in ("TaggedAddresses", "ServiceTaggedAddresses"):
            addresses = holder.get(name)
            if isinstance(addresses, dict) and addresses.pop("consul-virtual", None) is not None and not addresses:
                del holder[name]


def every_object(value):
    if isinstance(value, dict):
        yield value
        for member in list(value.values()):
            yield from every_object(member)
    elif isinstance(value, list):
        for item in value:
            yield from every_object(item)


MALFORMED = ("json: cannot unmarshal", "invalid character", "unexpected EOF", "malformed JSON", "is a number, not",
             "is a string, not", "is an array, not", "is no array", "is no string", "is no object")


def forget_malformed(case, answer):
    if answer.status == 400 and isinstance(answer.body, str) and any(words in answer.body for words in MALFORMED):
        answer.body = "Request decode failed: <why>"


def forget_index_of_errors(case, answer):
    if answer.status >= 400:
        for name in ("x-consul-index", "x-consul-knownleader", "x-consul-lastcontact"):
            answer.headers.pop(name, None)


def forget_leader(case, answer):
    """Consul's streaming backend answers blocking queries of health/service, and says false."""
    if "x-consul-knownleader" in answer.headers:
        answer.headers["x-consul-knownleader"] = "<whether>"


def forget_dial_errors(case, answer):
    for check in every_object(answer.body):
        if "refused" in str(check.get("Output")):
            check["Output"] = "<refused>"


# What the registry says of itself.
CONFIG = ("Datacenter", "NodeName", "NodeID", "Server")
MEMBER_TAGS = ("role", "dc", "id", "segment")
MEMBER = ("Name", "Addr", "Tags", "Status")


def only(names, value):
    return {name: member for name, member in value.items() if name in names}


def shorten_member(member):
    member = only(MEMBER, member)
    member["Tags"] = only(MEMBER_TAGS, member["Tags"])
    return member


def shorten_agent(case, answer):
    if isinstance(answer.body, list) and case.path.startswith("/v1/agent/members"):
        answer.body = [shorten_member(member) for member in answer.body]
    elif case.path == "/v1/agent/self" and "Config" in answer.body:
        answer.body = {"Config": only(CONFIG, answer.body["Config"]), "Meta": answer.body["Meta"],
                       "Member": shorten_member(answer.body["Member"])}


def refuse_proxies(case, answer):
    """What Consul took becomes what the registry says."""
    refused = {
        "/v1/agent/service/register": (400, 'Request decode failed: this registry does not support "Kind"'),
        "/v1/agent/service/deregister/kinded": (404, 'Unknown service ID "kinded". Ensure that the service ID is '
                                                     "passed, not the service name."),
    }
    if answer.status == 200 and ("connect-proxy" in (case.body or "") or case.path.endswith("/kinded")):
        answer.status, answer.body = refused[case.path]
        answer.headers = {"content-type": "text/plain; charset=utf-8"}


ACCEPTED = [
    Difference("No `serfHealth` check", "there is no gossip", drop_serf_check),
    Difference("No `consul` service", "the registry does not list itself", drop_consul_service),
    Difference("No virtual addresses", "they belong to the mesh", drop_virtual_address),
    Difference("Other words for malformed JSON", "Consul's are those of Go's decoder, with its type names",
               forget_malformed),
    Difference("Errors carry no index", "there is nothing to wait for", forget_index_of_errors),
    Difference("`X-Consul-KnownLeader` is always true", "Consul's says false where its streaming backend answered",
               forget_leader),
    Difference("Other words for a target that cannot be reached", "Consul's are those of Go's network library",
               forget_dial_errors),
    Difference("Fewer words on the agent itself", "there is no gossip, no Raft and no configuration of theirs",
               shorten_agent),
    Difference("No proxies and gateways", "they belong to the mesh", refuse_proxies),
]
