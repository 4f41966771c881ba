/* registry_json.h: nodes, instances and checks as Consul writes them in JSON. */
#pragma once

#include "registry/handler/registry_reply.h"

/* node: NULL for the registry's own, here and below. A member of an object, or with NULL an element
 * of a list. */
void registry_write_node(struct registry_request *request, struct json_writer *writer,
                         const char *name, const struct registry_node *node);
struct text registry_node_name(const struct registry_request *request,
                               const struct registry_node *node);
/* The form of health/service. */
void registry_write_service(struct json_writer *writer, const char *name,
                            const struct registry_instance *instance);
/* The form of agent/service and agent/services, as an object without name. content_hash may be
 * NULL. */
void registry_write_agent_service(struct registry_request *request, struct json_writer *writer,
                                  const struct registry_instance *instance,
                                  const struct text *content_hash);
/* The flat form of catalog/service. */
void registry_write_catalog_service(struct registry_request *request, struct json_writer *writer,
                                    const struct registry_instance *instance);
void registry_write_check(struct registry_request *request, struct json_writer *writer,
                          const struct registry_check *check);
/* The form of agent/checks, which knows no indexes. */
void registry_write_agent_check(struct registry_request *request, struct json_writer *writer,
                                const struct registry_check *check);
/* The form of agent/health, which leaves out what it knows of the definition. */
void registry_write_health_check(struct registry_request *request, struct json_writer *writer,
                                 const struct registry_check *check);
/* The form of agent/members. */
void registry_write_member(struct registry_request *request, struct json_writer *writer);
