#include "base/status.h"

#include <string.h>

#include "base/check.h"

static const struct status_row {
    const char *name;
    const char *connect_name;
    int http;
} table[STATUS_COUNT] = {
    [STATUS_OK] = {"OK", "ok", 200},
    [STATUS_CANCELLED] = {"CANCELLED", "canceled", 499},
    [STATUS_UNKNOWN] = {"UNKNOWN", "unknown", 500},
    [STATUS_INVALID_ARGUMENT] = {"INVALID_ARGUMENT", "invalid_argument", 400},
    [STATUS_DEADLINE_EXCEEDED] = {"DEADLINE_EXCEEDED", "deadline_exceeded", 504},
    [STATUS_NOT_FOUND] = {"NOT_FOUND", "not_found", 404},
    [STATUS_ALREADY_EXISTS] = {"ALREADY_EXISTS", "already_exists", 409},
    [STATUS_PERMISSION_DENIED] = {"PERMISSION_DENIED", "permission_denied", 403},
    [STATUS_RESOURCE_EXHAUSTED] = {"RESOURCE_EXHAUSTED", "resource_exhausted", 429},
    [STATUS_FAILED_PRECONDITION] = {"FAILED_PRECONDITION", "failed_precondition", 400},
    [STATUS_ABORTED] = {"ABORTED", "aborted", 409},
    [STATUS_OUT_OF_RANGE] = {"OUT_OF_RANGE", "out_of_range", 400},
    [STATUS_UNIMPLEMENTED] = {"UNIMPLEMENTED", "unimplemented", 501},
    [STATUS_INTERNAL] = {"INTERNAL", "internal", 500},
    [STATUS_UNAVAILABLE] = {"UNAVAILABLE", "unavailable", 503},
    [STATUS_DATA_LOSS] = {"DATA_LOSS", "data_loss", 500},
    [STATUS_UNAUTHENTICATED] = {"UNAUTHENTICATED", "unauthenticated", 401},
};

static const struct status_row *row(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? &table[status] : &table[STATUS_UNKNOWN];
}

const char *status_name(enum status status)
{
    return row(status)->name;
}

const char *status_connect_name(enum status status)
{
    return row(status)->connect_name;
}

int status_to_http(enum status status)
{
    return row(status)->http;
}

enum status status_from_http(int http_status)
{
    switch (http_status) {
    case 400:
        return STATUS_INTERNAL;
    case 401:
        return STATUS_UNAUTHENTICATED;
    case 403:
        return STATUS_PERMISSION_DENIED;
    case 404:
        return STATUS_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return STATUS_UNAVAILABLE;
    default:
        return STATUS_UNKNOWN;
    }
}

enum status status_from_number(long number)
{
    return number >= 0 && number < STATUS_COUNT ? (enum status)number : STATUS_UNKNOWN;
}

enum status status_from_connect_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        if (strcmp(table[i].connect_name, name) == 0) {
            return (enum status)i;
        }
    }
    return STATUS_UNKNOWN;
}
