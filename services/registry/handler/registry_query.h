/* registry_query.h: the parameters of a request as Consul reads them. */
#pragma once

#include "registry/handler/registry_handler_private.h"

/* The first parameter of that name, decoded, valid in the call's arena; without '=' it is empty.
 * STATUS_NOT_FOUND: not given. STATUS_INVALID_ARGUMENT: bad encoding. */
MUST_USE enum status registry_query_text(struct registry_request *request, const char *name,
                                         struct text *ret_value);

/* "1", "t", "true", … as Go's strconv.ParseBool. false: none of them; *ret_value is untouched. */
MUST_USE bool registry_boolean_parse(struct text text, bool *ret_value);

/* Whether the flag is given: without a value it is true. false: it was refused with 400. */
MUST_USE bool registry_query_flag(struct registry_request *request, const char *name,
                                  bool *ret_value);

/* Refuses another datacenter, namespaces and partitions with an answer. false: the request was
 * answered. */
MUST_USE bool registry_query_accept(struct registry_request *request);

/* Whether the instance has every `tag` that the query asks for. */
bool registry_query_tags_match(struct registry_request *request,
                               const struct registry_instance *instance);

/* What maintenance asks for: `enable`, and `reason` (may be empty). false: it was answered. */
MUST_USE bool registry_query_maintenance(struct registry_request *request, bool *ret_enable,
                                         struct text *ret_reason);

/* `hash` (empty: none is known) and for how long to wait. false: it was answered. */
MUST_USE bool registry_query_hash(struct registry_request *request, struct text *ret_hash,
                                  int64_t *ret_wait_ms);

/* Whether the node (NULL: the registry's own) has every `node-meta` that the query asks for. */
bool registry_query_node_matches(struct registry_request *request,
                                 const struct registry_node *node);

/* Waits as registry_controller_wait(), among the queries of its peer. false: the request was
 * answered, with 429 where too many of them, or of all, wait. */
MUST_USE bool registry_query_park(struct registry_request *request,
                                  const struct registry_subject *subject, uint64_t index,
                                  int64_t wait_ms, uint64_t *ret_index);

/* Waits as `index` and `wait` say. false: the request was answered, or nobody wants it any more. */
MUST_USE bool registry_query_wait(struct registry_request *request,
                                  const struct registry_subject *subject, uint64_t *ret_index);
