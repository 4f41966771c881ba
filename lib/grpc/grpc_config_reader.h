/* grpc_config_reader.h: members of a service config's objects, read with errors that name them. */
#pragma once

#include "base/call.h"
#include "json/json.h"

/* An object, and where it stands. */
struct grpc_config_object {
    struct call *call;
    const struct json *value;
    const char *place; /* "methodConfig[0]."; empty for the outermost */
};

/* Notes "PLACE.NAME WORDS" and returns STATUS_INVALID_ARGUMENT. */
enum status grpc_config_fail(const struct grpc_config_object *object, const char *name,
                             const char *format, ...) PRINTF_LIKE(3, 4);

/* The member, or NULL where it is absent or null. STATUS_INVALID_ARGUMENT: of another kind. */
MUST_USE enum status grpc_config_member(const struct grpc_config_object *object, const char *name,
                                        enum json_kind kind, const struct json **ret_value);

/* A member that is an object; value is NULL: absent. */
MUST_USE enum status grpc_config_open(const struct grpc_config_object *object, const char *name,
                                      struct grpc_config_object *ret_member);

/* An element of an array, which must be an object. */
MUST_USE enum status grpc_config_element(const struct grpc_config_object *object, const char *name,
                                         const struct json *array, size_t index,
                                         struct grpc_config_object *ret_element);

/* Required: "1.5s", as protobuf's JSON has it, and more than nothing. What int64_t cannot hold
 * becomes INT64_MAX. */
MUST_USE enum status grpc_config_duration(const struct grpc_config_object *object, const char *name,
                                          int64_t *ret_ns);

/* The same, but an absent one leaves *ret_ns, and it may be as short as least_ns. */
MUST_USE enum status grpc_config_duration_if_said(const struct grpc_config_object *object,
                                                  const char *name, int64_t least_ns,
                                                  int64_t *ret_ns);

/* Required: an integer from `least` to `most`. */
MUST_USE enum status grpc_config_integer(const struct grpc_config_object *object, const char *name,
                                         int64_t least, int64_t most, int64_t *ret_value);

/* Required: more than 0. */
MUST_USE enum status grpc_config_number(const struct grpc_config_object *object, const char *name,
                                        double *ret_value);

/* An absent one leaves *ret_value. */
MUST_USE enum status grpc_config_boolean(const struct grpc_config_object *object, const char *name,
                                         bool *ret_value);

/* Statuses by name, in any case, or by number; as GRPC_STATUS_BIT(). Absent, it is empty. */
MUST_USE enum status grpc_config_statuses(const struct grpc_config_object *object, const char *name,
                                          uint32_t *ret_statuses);
