/* registry_catalog_input.h: what a request to the catalog's own writes describes. */
#pragma once

#include "registry/repository/registry_state.h"
#include "json/json.h"

struct registry_external_check {
    struct registry_check_definition definition;
    struct text output;
};

/* PUT catalog/register. All valid in the call's arena. */
struct registry_catalog_entry {
    struct registry_node_definition node;
    bool skip_node_update;
    bool has_service;
    struct registry_service_definition service;
    struct registry_external_check *checks;
    size_t check_count;
};

/* STATUS_INVALID_ARGUMENT: as registry_fields_read(). STATUS_FAILED_PRECONDITION: read, but not to
 * be done; the call's error is the answer's text. */
MUST_USE enum status registry_catalog_input_read(struct call *call, const struct json *body,
                                                 struct registry_catalog_entry *ret_entry);

/* PUT catalog/deregister: without ids, the whole node. */
struct registry_catalog_removal {
    struct text node;
    struct text service_id;
    struct text check_id;
};

/* As registry_catalog_input_read(). */
MUST_USE enum status registry_catalog_removal_read(struct call *call, const struct json *body,
                                                   struct registry_catalog_removal *ret_removal);
