#include "peers/interop_orca.h"

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_stream.h"
#include "loop/fiber.h"
#include "orca.pb-c.h"

#define REPORT_INTERVAL_DEFAULT_NS INT64_C(1000000000)
#define REPORT_INTERVAL_MIN_NS INT64_C(10000000)

/* Encodes the report as an OrcaLoadReport; returns its length. */
static enum status encode(struct call *call, const Grpc__Testing__TestOrcaReport *given,
                          uint8_t bytes[static ORCA_REPORT_BYTES_MAX], size_t *ret_length)
{
    Xds__Service__Orca__V3__OrcaLoadReport report = XDS__SERVICE__ORCA__V3__ORCA_LOAD_REPORT__INIT;
    Xds__Service__Orca__V3__OrcaLoadReport__RequestCostEntry costs[ORCA_NAMES_MAX];
    Xds__Service__Orca__V3__OrcaLoadReport__RequestCostEntry *cost_pointers[ORCA_NAMES_MAX];
    Xds__Service__Orca__V3__OrcaLoadReport__UtilizationEntry uses[ORCA_NAMES_MAX];
    Xds__Service__Orca__V3__OrcaLoadReport__UtilizationEntry *use_pointers[ORCA_NAMES_MAX];
    if (given->n_request_cost > ORCA_NAMES_MAX || given->n_utilization > ORCA_NAMES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "too many names in a report");
    }
    for (size_t i = 0; i < given->n_request_cost; i++) {
        xds__service__orca__v3__orca_load_report__request_cost_entry__init(&costs[i]);
        costs[i].key = given->request_cost[i]->key;
        costs[i].value = given->request_cost[i]->value;
        cost_pointers[i] = &costs[i];
    }
    for (size_t i = 0; i < given->n_utilization; i++) {
        xds__service__orca__v3__orca_load_report__utilization_entry__init(&uses[i]);
        uses[i].key = given->utilization[i]->key;
        uses[i].value = given->utilization[i]->value;
        use_pointers[i] = &uses[i];
    }
    report.cpu_utilization = given->cpu_utilization;
    report.mem_utilization = given->memory_utilization;
    report.n_request_cost = given->n_request_cost;
    report.request_cost = cost_pointers;
    report.n_utilization = given->n_utilization;
    report.utilization = use_pointers;
    if (protobuf_c_message_get_packed_size(&report.base) > ORCA_REPORT_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the report is too long");
    }
    *ret_length = protobuf_c_message_pack(&report.base, bytes);
    return STATUS_OK;
}

enum status interop_orca_report_call(struct call *call, const Grpc__Testing__TestOrcaReport *given)
{
    uint8_t bytes[ORCA_REPORT_BYTES_MAX];
    size_t length = 0;
    enum status status = encode(call, given, bytes, &length);
    if (status != STATUS_OK) {
        return status;
    }
    struct text report = arena_copy(call->arena, (struct text){(const char *)bytes, length});
    bool added = report.data != NULL &&
                 grpc_add_trailing_metadata(call, TEXT("endpoint-load-metrics-bin"), report);
    return added ? STATUS_OK : call_fail(call, STATUS_INTERNAL, "the report was not taken");
}

enum status interop_orca_set(struct interop_orca *self, struct call *call,
                             const Grpc__Testing__TestOrcaReport *given)
{
    return encode(call, given, self->report, &self->length);
}

static int64_t interval_ns(const Xds__Service__Orca__V3__OrcaLoadReportRequest *request)
{
    const Xds__Service__Orca__V3__ReportInterval *asked = request->report_interval;
    if (asked == NULL || asked->seconds < 0 || asked->seconds > 60 || asked->nanos < 0) {
        return REPORT_INTERVAL_DEFAULT_NS;
    }
    int64_t interval = asked->seconds * CLOCK_NS_PER_S + asked->nanos;
    return interval > REPORT_INTERVAL_MIN_NS ? interval : REPORT_INTERVAL_MIN_NS;
}

static enum status send_report(const struct interop_orca *self, struct grpc_stream *stream)
{
    Xds__Service__Orca__V3__OrcaLoadReport *report =
        xds__service__orca__v3__orca_load_report__unpack(NULL, self->length, self->report);
    CHECK(report != NULL);
    enum status status = grpc_send(stream, &report->base);
    xds__service__orca__v3__orca_load_report__free_unpacked(report, NULL);
    return status;
}

/* Until the client goes away. */
static enum status stream_core_metrics(void *state, struct call *call, struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    enum status status = grpc_receive(stream, &message);
    if (status != STATUS_OK || message == NULL) {
        return status;
    }
    int64_t interval = interval_ns((const Xds__Service__Orca__V3__OrcaLoadReportRequest *)message);
    while (status == STATUS_OK) {
        status = send_report(state, stream);
        if (status == STATUS_OK) {
            status = fiber_sleep(call, interval);
        }
    }
    return status;
}

struct grpc_service interop_orca_service(struct interop_orca *self)
{
    static const struct grpc_method methods[] = {
        {.name = "StreamCoreMetrics",
         .kind = GRPC_SERVER_STREAMING,
         .request = &xds__service__orca__v3__orca_load_report_request__descriptor,
         .response = &xds__service__orca__v3__orca_load_report__descriptor,
         .stream = stream_core_metrics},
    };
    return (struct grpc_service){.name = "xds.service.orca.v3.OpenRcaService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = self};
}
