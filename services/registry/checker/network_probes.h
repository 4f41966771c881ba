/* network_probes.h: one look each, by protocol; private to the network checker. All as
 * registry_checker_ops.probe. */
#pragma once

#include "registry/checker/registry_checker.h"

struct loop;
struct http_client;
struct proto_pool;

/* Passing: somebody accepts connections at "host:port". */
MUST_USE enum status tcp_probe(struct loop *loop, struct call *call,
                               const struct registry_check_definition *check,
                               struct registry_probe *ret_probe);

/* Passing: 2xx; warning: 429; else critical. */
MUST_USE enum status http_probe(struct http_client *client, struct call *call,
                                const struct registry_check_definition *check,
                                struct registry_probe *ret_probe);

/* Passing: "host:port" speaks HTTP/2 (it answers the preface by its SETTINGS). */
MUST_USE enum status h2ping_probe(struct loop *loop, struct call *call,
                                  const struct registry_check_definition *check,
                                  struct registry_probe *ret_probe);

/* Passing: SERVING. target: "host:port", or "host:port/service". pool: knows the messages of
 * grpc.health.v1. */
MUST_USE enum status grpc_probe(struct loop *loop, const struct proto_pool *pool, struct call *call,
                                const struct registry_check_definition *check,
                                struct registry_probe *ret_probe);
