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
    uint64_t observed_received; /* bytes of the last call */
    uint64_t observed_sent;
};

struct grpc_service echo_service(struct echo *echo);

struct proto_descriptor_set echo_descriptor_set(void);

/* Notes the outcome of every call there. */
struct grpc_interceptor echo_observer(struct echo *echo);
