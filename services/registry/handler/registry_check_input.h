/* registry_check_input.h: a check as a request describes it. */
#pragma once

#include "registry/model/registry_check.h"
#include "json/json.h"

struct registry_check_input {
    struct text id; /* CheckID, or ID */
    struct text check_id;
    struct text name;
    struct text notes;
    struct text service_id;
    struct text status;
    struct text http;
    struct text tcp;
    struct text grpc;
    struct text h2ping;
    bool h2ping_use_tls; /* true unless it is said */
    struct text alias_node;
    struct text alias_service;
    struct text method;
    struct text body;
    const struct json *header;
    const struct json *script;
    int64_t ttl_ns;
    int64_t interval_ns;
    int64_t timeout_ns;
    int64_t deregister_after_ns;
    int64_t output_bytes_max;
    int64_t success_before_passing;
    int64_t failures_before_warning;
    int64_t failures_before_critical;
};

/* STATUS_INVALID_ARGUMENT: as registry_fields_read(). */
MUST_USE enum status registry_check_input_read(struct call *call, const struct json *object,
                                               struct registry_check_input *ret_input);

/* The definition that it asks for, with all but its id and name. STATUS_INVALID_ARGUMENT: not one
 * kind of check, or without the times that it needs; the call's error is the answer's text. An
 * unknown status is the caller's to refuse: it counts as critical here. */
MUST_USE enum status registry_check_input_define(struct call *call,
                                                 const struct registry_check_input *input,
                                                 struct registry_check_definition *ret_definition);
