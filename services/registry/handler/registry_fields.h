/* registry_fields.h: reads JSON objects by tables of fields, as Consul does: names without regard
 * to case and underscores (CamelCase and snake_case alike), durations as texts or as nanoseconds,
 * null as not given, unknown names refused. */
#pragma once

#include <stddef.h>

#include "registry/model/registry_check.h"
#include "json/json.h"

enum registry_field_kind {
    REGISTRY_FIELD_TEXT,     /* struct text */
    REGISTRY_FIELD_DURATION, /* int64_t, in nanoseconds */
    REGISTRY_FIELD_INTEGER,  /* int64_t */
    REGISTRY_FIELD_BOOLEAN,  /* bool */
    REGISTRY_FIELD_VALUE,    /* const struct json *: for the caller to read */
    REGISTRY_FIELD_IGNORED,
    REGISTRY_FIELD_REFUSED, /* Consul has it, this registry has not: only its zero value goes */
};

struct registry_field {
    const char *name;
    enum registry_field_kind kind;
    size_t offset; /* in the target */
};

/* A row: the member of struct `target` that takes the field, or none. */
#define REGISTRY_FIELD(json_name, field_kind, target, member)                                      \
    {                                                                                              \
        json_name, REGISTRY_FIELD_##field_kind, offsetof(struct target, member)                    \
    }
#define REGISTRY_FIELD_WITHOUT_PLACE(json_name, field_kind)                                        \
    {                                                                                              \
        json_name, REGISTRY_FIELD_##field_kind, 0                                                  \
    }

/* STATUS_INVALID_ARGUMENT: the call's error says why, in the words after "Request decode failed: ".
 */
MUST_USE enum status registry_fields_read(struct call *call, const struct json *object,
                                          const struct registry_field *fields, size_t count,
                                          void *target);

/* null, absent, "", 0, false, [] or {}. */
bool registry_field_is_zero(const struct json *value);
