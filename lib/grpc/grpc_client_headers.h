/* grpc_client_headers.h: the headers of a request, and what those of a reply say. */
#pragma once

#include "grpc/grpc_client_call.h"

/* What all calls to an instance say: POST, the scheme, the authority, and what a client of ours is
 * and takes. The authority's text is the channel's, or `address`. */
void grpc_client_common_fields(const struct grpc_channel *channel, const char *address,
                               struct hpack_field fields[GRPC_COMMON_FIELDS]);

/* The other header fields of an attempt, valid in the call's arena.
 * STATUS_INVALID_ARGUMENT: metadata that may not be sent. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status grpc_client_headers(struct grpc_client_call *self,
                                         const struct hpack_field **ret_fields, size_t *ret_count);

/* Looks at the reply's first headers. STATUS_OK: messages may follow. Otherwise the call's end. */
enum status grpc_client_take_headers(struct grpc_client_call *self);

/* The status that a block of headers carries; `missing` when there is none. */
enum status grpc_client_take_status(struct grpc_client_call *self,
                                    const struct http_header *headers, size_t count,
                                    enum status missing);
