/* registry_filter_fields.h: what filters can select in each kind of reply: the fields that Consul's
 * filters know, which are those of its replies but for the indexes. */
#pragma once

#include "registry/handler/registry_filter.h"

/* health/service: {Node, Service, Checks} */
extern const struct registry_filter_field registry_filter_health_fields[];
/* health/checks, health/state, health/node, agent/checks */
extern const struct registry_filter_field registry_filter_check_fields[];
/* catalog/service, and the instances that catalog/services tells of */
extern const struct registry_filter_field registry_filter_instance_fields[];
/* catalog/nodes */
extern const struct registry_filter_field registry_filter_node_fields[];
/* catalog/node, catalog/node-services: a service in it */
extern const struct registry_filter_field registry_filter_service_fields[];
/* agent/members */
extern const struct registry_filter_field registry_filter_member_fields[];
/* agent/services */
extern const struct registry_filter_field registry_filter_agent_fields[];
