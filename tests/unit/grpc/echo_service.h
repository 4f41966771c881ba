/* echo_service.h: the service of echo.proto, and what it has seen. */
#pragma once

#include "echo.pb-c.h"
#include "grpc/grpc_server.h"

struct echo {
    unsigned calls;
    unsigned running;
    unsigned cancelled;   /* handlers that were told CANCELLED */
    int64_t remaining_ns; /* of the last call's deadline, when it began */
    bool was_compressed;  /* the last call's request */
    enum status observed;
    unsigned observations;
    const char *observed_protocol;
};

struct grpc_service echo_service(struct echo *echo);

struct proto_descriptor_set echo_descriptor_set(void);

/* For grpc_server_options. */
void echo_observe(void *state, struct call *call, const char *method, const char *protocol,
                  enum status status, int64_t duration_ns);
