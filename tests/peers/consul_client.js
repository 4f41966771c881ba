// npm's consul against marquee-registry: node consul_client.js MODULES HOST PORT
"use strict";

const assert = require("node:assert");

const [modules, host, port] = process.argv.slice(2);
const Consul = require(`${modules}/consul`);
const consul = new Consul({host, port});

// Until the watch shows what is wanted.
function watched(watch, what, wanted) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not come`)), 10000);
    watch.on("error", reject);
    watch.on("change", function changed(entries) {
      if (wanted(entries)) {
        clearTimeout(timer);
        watch.removeAllListeners();
        watch.on("error", () => {});
        resolve();
      }
    });
  });
}

async function main() {
  const {agent, catalog, health, status} = consul;
  await agent.service.register({
    id: "n1", name: "node-web", tags: ["v1"], address: "10.0.0.1", port: 80, meta: {a: "b"},
    check: {ttl: "600s", notes: "from npm"},
  });
  const watch = consul.watch({method: health.service, options: {service: "node-web", passing: true, wait: "10s"}});
  await watched(watch, "an empty list", (entries) => entries.length === 0);
  const passing = watched(watch, "a passing instance", (entries) => entries.length === 1);
  await agent.check.pass("service:n1");
  await passing;
  watch.end();

  const [entry] = await health.service({service: "node-web", filter: "Service.Meta.a == b"});
  assert.deepStrictEqual(entry.Service.Tags, ["v1"]);
  assert.strictEqual((await catalog.service.nodes("node-web"))[0].ServicePort, 80);
  assert.deepStrictEqual((await catalog.service.list())["node-web"], ["v1"]);
  assert.deepStrictEqual(await catalog.datacenters(), ["dc1"]);
  assert.strictEqual((await catalog.node.services((await catalog.node.list())[0].Node)).Services.n1.Port, 80);
  assert.strictEqual((await agent.self()).Config.Datacenter, "dc1");
  assert.strictEqual((await agent.members()).length, 1);
  assert.ok(await status.leader());
  assert.strictEqual((await status.peers()).length, 1);

  await agent.check.register({id: "n2", name: "another", ttl: "600s", serviceid: "n1"});
  await agent.check.warn({id: "n2", note: "so so"});
  assert.strictEqual((await agent.check.list()).n2.Output, "so so");
  assert.strictEqual((await health.checks("node-web")).length, 2);
  await agent.check.fail("n2");
  assert.strictEqual((await health.state("critical")).length, 1);
  await agent.check.deregister("n2");
  await agent.service.maintenance({id: "n1", enable: true, reason: "night"});
  assert.ok((await agent.check.list())["_service_maintenance:n1"]);
  await agent.service.maintenance({id: "n1", enable: false});
  await agent.maintenance({enable: true});
  await agent.maintenance({enable: false});
  await agent.service.deregister("n1");
  assert.deepStrictEqual(await agent.service.list(), {});
  await assert.rejects(agent.service.deregister("n1"), /not found/);
  console.log("npm consul: passed");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
