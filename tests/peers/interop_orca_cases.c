/* The cases of load reports. Our channel balances by its own count of calls and asks for none: what
 * a balancer of gRFC A51 would be told is read here from the call and from the service itself. */
#include "http/http_message.h"
#include "orca.pb-c.h"
#include "peers/interop_client.h"
#include "json/base64.h"

struct load {
    double cpu;
    double memory;
    const char *name;
    double used;
};

struct given_report {
    Grpc__Testing__TestOrcaReport report;
    Grpc__Testing__TestOrcaReport__UtilizationEntry entry;
    Grpc__Testing__TestOrcaReport__UtilizationEntry *entries[1];
};

static void fill_report(struct given_report *given, const struct load *load)
{
    grpc__testing__test_orca_report__init(&given->report);
    grpc__testing__test_orca_report__utilization_entry__init(&given->entry);
    given->entry.key = proto_bytes(text_of(load->name));
    given->entry.value = load->used;
    given->entries[0] = &given->entry;
    given->report.cpu_utilization = load->cpu;
    given->report.memory_utilization = load->memory;
    given->report.n_utilization = 1;
    given->report.utilization = given->entries;
}

/* Numbers that were only carried: they are the same to the bit. */
static bool is_load(const Xds__Service__Orca__V3__OrcaLoadReport *report, const struct load *load)
{
    return memcmp(&report->cpu_utilization, &load->cpu, sizeof(load->cpu)) == 0 &&
           memcmp(&report->mem_utilization, &load->memory, sizeof(load->memory)) == 0 &&
           report->n_utilization == 1 &&
           text_equal(proto_text(report->utilization[0]->key), text_of(load->name)) &&
           memcmp(&report->utilization[0]->value, &load->used, sizeof(load->used)) == 0;
}

static void orca_per_rpc(struct interop *self)
{
    const struct load load = {0.8210, 0.5847, "util", 0.30499};
    struct given_report given;
    struct grpc_reply reply;
    const struct grpc_call_options options = {.ret_reply = &reply};
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    fill_report(&given, &load);
    request.orca_per_query_report = &given.report;
    interop_expect(self, &self->call, interop_unary(self, &self->call, &options, &request, NULL),
                   STATUS_OK);
    bool valid = false;
    struct text bytes = base64_decode(
        &self->arena,
        http_header_find(reply.trailers, reply.trailer_count, TEXT("endpoint-load-metrics-bin")),
        &valid);
    Xds__Service__Orca__V3__OrcaLoadReport *report =
        valid ? xds__service__orca__v3__orca_load_report__unpack(NULL, bytes.length,
                                                                 (const uint8_t *)bytes.data)
              : NULL;
    if (report == NULL || !is_load(report, &load)) {
        interop_fail(self, "the trailers have no such report");
    }
    xds__service__orca__v3__orca_load_report__free_unpacked(report, NULL);
}

/* The server says it sooner or later: the case's deadline ends the wait. */
static void await_load(struct interop *self, struct grpc_stream *reports, const struct load *load)
{
    while (!is_load((const Xds__Service__Orca__V3__OrcaLoadReport *)interop_receive(self, reports),
                    load)) {
    }
}

static void orca_oob(struct interop *self)
{
    static const struct load loads[] = {
        {0.8210, 0.5847, "util", 0.30499},
        {0.29309, 0.2, "util", 0.2039},
    };
    Xds__Service__Orca__V3__OrcaLoadReportRequest subscription =
        XDS__SERVICE__ORCA__V3__ORCA_LOAD_REPORT_REQUEST__INIT;
    struct grpc_stream *duplex =
        interop_open(self, TEST_SERVICE "FullDuplexCall", NULL,
                     &grpc__testing__streaming_output_call_response__descriptor);
    struct grpc_stream *reports =
        interop_open(self, "/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics", NULL,
                     &xds__service__orca__v3__orca_load_report__descriptor);
    interop_send(self, reports, &subscription.base);
    interop_expect(self, &self->call, grpc_client_close_send(reports), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(loads); i++) {
        struct given_report given;
        Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
        Grpc__Testing__ResponseParameters *all[] = {&parameters};
        Grpc__Testing__StreamingOutputCallRequest request =
            GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
        fill_report(&given, &loads[i]);
        parameters.size = 1;
        request.response_parameters = all;
        request.n_response_parameters = ARRAY_LENGTH(all);
        request.orca_oob_report = &given.report;
        interop_send(self, duplex, &request.base);
        interop_receive_output(self, duplex, 1);
        await_load(self, reports, &loads[i]);
    }
    status_ignore(grpc_client_finish(reports)); /* without an end: cancelled */
    call_clear_error(&self->call);
    interop_expect(self, &self->call, grpc_client_close_send(duplex), STATUS_OK);
    interop_receive_end(self, duplex);
    interop_expect(self, &self->call, grpc_client_finish(duplex), STATUS_OK);
}

const struct interop_case interop_orca_cases[] = {
    {"orca_per_rpc", orca_per_rpc},
    {"orca_oob", orca_oob},
    {NULL, NULL},
};
