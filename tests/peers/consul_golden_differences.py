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


ACCEPTED = [
    Difference("No `serfHealth` check", "there is no gossip", drop_serf_check),
    Difference("No `consul` service", "the registry does not list itself", drop_consul_service),
]
