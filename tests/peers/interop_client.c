/* interop_client [--ca FILE NAME] ADDRESS CASE…: runs each case against the server and prints the
 * names of those that were met; ends with status 1 at the first that was not. --ca: by TLS, with a
 * certificate of that name. */
#include "peers/interop_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "loop/fiber.h"
#include "loop/loop.h"
#include "orca.pb-c.h"
#include "peers/peer_tls.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

extern const unsigned char marquee_interop_proto_descriptor_set[];
extern const size_t marquee_interop_proto_descriptor_set_size;

void interop_fail(const struct interop *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "interop_client: %s: FAILED: ", self->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void interop_expect(const struct interop *self, const struct call *call, enum status status,
                    enum status wanted)
{
    if (status != wanted) {
        interop_fail(self, "%s, not %s: %.*s", status_name(status), status_name(wanted),
                     TEXT_ARGUMENTS(call->error.message));
    }
}

struct grpc_channel *interop_channel(struct interop *self)
{
    const struct grpc_channel_options options = {.pool = self->pool,
                                                 .target = "interop",
                                                 .authority = text_of(self->authority),
                                                 .tls = self->tls};
    struct grpc_channel *channel;
    CHECK(grpc_channel_create(self->loop, &options, &channel) == STATUS_OK);
    CHECK(grpc_channel_update(channel, &self->address, 1) == STATUS_OK);
    return channel;
}

Grpc__Testing__Payload *interop_payload(struct interop *self, size_t size)
{
    Grpc__Testing__Payload *payload = arena_alloc(&self->arena, sizeof(*payload));
    CHECK(payload != NULL);
    grpc__testing__payload__init(payload);
    payload->body.len = size;
    payload->body.data = arena_calloc(&self->arena, 1, size + 1);
    CHECK(payload->body.data != NULL);
    return payload;
}

static const struct interop_case *find_case(const char *name)
{
    const struct interop_case *const tables[] = {
        interop_unary_cases, interop_stream_cases, interop_compression_cases,
        interop_http2_cases, interop_orca_cases,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        for (const struct interop_case *row = tables[i]; row->name != NULL; row++) {
            if (text_equal(text_of(row->name), text_of(name))) {
                return row;
            }
        }
    }
    return NULL;
}

struct run {
    struct interop interop;
    char **names;
};

static void run_cases(void *argument)
{
    struct run *run = argument;
    struct interop *self = &run->interop;
    for (char **name = run->names; *name != NULL; name++) {
        const struct interop_case *row = find_case(*name);
        self->name = *name;
        if (row == NULL) {
            interop_fail(self, "no such case");
        }
        arena_init(&self->arena, ARENA_BYTES_MAX);
        call_init(&self->call, &self->arena, INTEROP_CASE_TIMEOUT_MS);
        self->channel = interop_channel(self);
        row->run(self);
        grpc_channel_destroy(self->channel);
        arena_deinit(&self->arena);
        printf("%s\n", *name);
        fflush(stdout);
    }
}

static bool has_ended(void *argument)
{
    return fiber_count(argument) == 0;
}

static struct proto_pool *create_pool(void)
{
    const struct proto_descriptor_set set = {marquee_interop_proto_descriptor_set,
                                             marquee_interop_proto_descriptor_set_size};
    static const ProtobufCMessageDescriptor *const roots[] = {
        &grpc__testing__empty__descriptor,
        &grpc__testing__simple_response__descriptor,
        &grpc__testing__streaming_input_call_response__descriptor,
        &grpc__testing__streaming_output_call_response__descriptor,
        &xds__service__orca__v3__orca_load_report__descriptor,
    };
    struct proto_pool *pool;
    CHECK(proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), &pool) == STATUS_OK);
    return pool;
}

int main(int argc, char **argv)
{
    struct run run = {.interop = {.tls = NULL}};
    if (argc > 3 && text_equal(text_of(argv[1]), TEXT("--ca"))) {
        run.interop.authority = argv[3];
        run.interop.tls = peer_tls(
            &(struct tls_options){.side = TLS_CLIENT, .ca_file = argv[2], .peer_name = argv[3]});
        argc -= 3;
        argv += 3;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: interop_client [--ca FILE NAME] ADDRESS CASE...\n");
        return 2;
    }
    run.interop.address = text_of(argv[1]);
    run.names = argv + 2;
    run.interop.pool = create_pool();
    CHECK(loop_create(&run.interop.loop) == STATUS_OK);
    CHECK(fiber_start(run.interop.loop, run_cases, &run) == STATUS_OK);
    loop_run_until(run.interop.loop, has_ended, run.interop.loop);
    loop_destroy(run.interop.loop);
    proto_pool_destroy(run.interop.pool);
    tls_context_destroy(run.interop.tls);
    return 0;
}
