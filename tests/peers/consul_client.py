"""python-consul against marquee-registry: consul_client.py HOST PORT, with the client on PYTHONPATH."""

import sys

import consul


def check(condition, what):
    if not condition:
        sys.exit(f"python-consul: {what}")


def main():
    client = consul.Consul(sys.argv[1], int(sys.argv[2]))
    agent, catalog, health = client.agent, client.catalog, client.health
    check(agent.service.register("py-web", service_id="p1", address="10.0.0.1", port=80, tags=["v1"],
                                 check=consul.Check.ttl("600s")), "no registration")
    index, entries = health.service("py-web", passing=True)
    check(entries == [], "a silent instance passes")
    check(agent.check.ttl_pass("service:p1", "well"), "no report")
    index, entries = health.service("py-web", passing=True, index=None)
    check(len(entries) == 1 and entries[0]["Service"]["Port"] == 80, entries)
    again, _ = health.service("py-web", index=index, wait="50ms")
    check(again == index, "the index moved")

    check("p1" in agent.services() and "service:p1" in agent.checks(), "the agent knows nothing")
    check(agent.self()["Config"]["Datacenter"] == "dc1", "agent/self")
    check(len(agent.members()) == 1, "agent/members")
    check(catalog.services()[1]["py-web"] == ["v1"], "catalog/services")
    check(catalog.service("py-web", tag="v1")[1][0]["ServiceID"] == "p1", "catalog/service")
    node = catalog.nodes()[1][0]["Node"]
    check("p1" in catalog.node(node)[1]["Services"], "catalog/node")
    check(len(health.checks("py-web")[1]) == 1 and len(health.node(node)[1]) == 1, "health/checks, health/node")
    check(len(health.state("passing")[1]) == 1, "health/state")
    check(catalog.datacenters() == ["dc1"], "catalog/datacenters")
    check(client.status.leader() and len(client.status.peers()) == 1, "status")

    check(catalog.register("other", "10.0.0.2", service={"Service": "external", "Port": 9},
                           check={"Name": "told", "Status": "passing", "ServiceID": "external"}), "catalog/register")
    check(health.service("external", passing=True)[1][0]["Node"]["Node"] == "other", "another node")
    check(catalog.deregister("other") and catalog.service("external")[1] == [], "catalog/deregister")

    check(agent.service.maintenance("p1", True, "night") and agent.service.maintenance("p1", False), "maintenance")
    check(agent.maintenance(True) and agent.maintenance(False), "maintenance of the node")
    check(agent.check.register("own", consul.Check.ttl("600s"), check_id="own"), "no check")
    check(agent.check.ttl_warn("own") and agent.check.ttl_fail("own") and agent.check.deregister("own"), "check/…")
    check(agent.service.deregister("p1") and agent.services() == {}, "something is left")
    print("python-consul: passed")


if __name__ == "__main__":
    main()
