/* connect_request.h: the message of a Connect request, out of a POST's body or a GET's query. */
#pragma once

#include "grpc/grpc_codec.h"

struct grpc_server_call;

/* What a request is written in. */
struct connect_form {
    enum grpc_codec codec;
    bool gzip;
};

/* The value of connect-timeout-ms. STATUS_INVALID_ARGUMENT: malformed. */
MUST_USE enum status connect_take_timeout(struct call *call, struct text value,
                                          int64_t *ret_timeout_ns);

/* Takes the deadline, the compression and the version from the headers. *ret_form: its gzip is set.
 * STATUS_INVALID_ARGUMENT: malformed. STATUS_UNIMPLEMENTED: another compression. */
MUST_USE enum status connect_take_headers(struct grpc_server_call *self,
                                          struct connect_form *ret_form);

/* The codec and compression that a GET's query names. STATUS_NOT_FOUND: it names no known codec.
 * STATUS_INVALID_ARGUMENT, STATUS_UNIMPLEMENTED: as above. */
MUST_USE enum status connect_take_query(struct grpc_server_call *self,
                                        struct connect_form *ret_form);

/* Reads and decodes; parks. STATUS_INVALID_ARGUMENT: malformed. STATUS_RESOURCE_EXHAUSTED: over the
 * server's message limit. */
MUST_USE enum status connect_read_body(struct grpc_server_call *self, struct connect_form form,
                                       ProtobufCMessage **ret_message);
MUST_USE enum status connect_read_query(struct grpc_server_call *self, struct connect_form form,
                                        ProtobufCMessage **ret_message);
