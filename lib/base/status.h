/* status.h: the outcome of an operation, with gRPC's canonical numbers.
 *
 * Every function that can fail for a reason other than a bug returns an enum status; what went
 * wrong in words is kept in the call (base/call.h). One table maps a status to its gRPC name and to
 * HTTP (googleapis google/rpc/code.proto; the HTTP column is grpc-gateway's and Connect's). */
#pragma once

#include <stdbool.h>

#include "base/check.h"

enum status {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

enum { STATUS_COUNT = 17 };

/* "NOT_FOUND". A number outside the table is "UNKNOWN". Static storage. */
const char *status_name(enum status status);

/* "not_found", as the Connect protocol writes it. Static storage. */
const char *status_connect_name(enum status status);

/* The HTTP status code for a reply, 200 for STATUS_OK. */
int status_to_http(enum status status);

/* What a client makes of an HTTP reply that carries no gRPC status
 * (grpc/grpc doc/http-grpc-status-mapping.md). */
enum status status_from_http(int http_status);

/* A number off the wire; outside the table it is STATUS_UNKNOWN. */
enum status status_from_number(long number);

/* For a failure that changes nothing for the caller; a comment beside the call says why. */
static inline void status_ignore(enum status status)
{
    (void)status;
}

/* The status of a connect name, or STATUS_UNKNOWN. */
enum status status_from_connect_name(const char *name);
