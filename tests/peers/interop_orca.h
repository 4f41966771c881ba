/* interop_orca.h: the load reports that gRPC's interop cases orca_per_rpc and orca_oob ask a server
 * for (gRFC A51). */
#pragma once

#include "grpc/grpc_method.h"
#include "interop.pb-c.h"

enum {
    ORCA_NAMES_MAX = 8, /* of each map of a report */
    ORCA_REPORT_BYTES_MAX = 1024,
};

/* The server's load, which is whatever a test said last: one client at a time. Zero: none yet. */
struct interop_orca {
    uint8_t report[ORCA_REPORT_BYTES_MAX]; /* xds.data.orca.v3.OrcaLoadReport */
    size_t length;
};

/* Adds the report to the call's trailing metadata. STATUS_INVALID_ARGUMENT: over a maximum. */
MUST_USE enum status interop_orca_report_call(struct call *call,
                                              const Grpc__Testing__TestOrcaReport *given);

/* What StreamCoreMetrics says from now on. Statuses as above. */
MUST_USE enum status interop_orca_set(struct interop_orca *self, struct call *call,
                                      const Grpc__Testing__TestOrcaReport *given);

/* xds.service.orca.v3.OpenRcaService; `self` must outlive it. */
struct grpc_service interop_orca_service(struct interop_orca *self);
