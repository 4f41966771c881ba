/* The cases of a server that breaks off (grpc/grpc doc/http2-interop-test-descriptions.md); each
 * needs the server that goes with it (tests/peers/http2_peer.py). */
#include "loop/fiber.h"
#include "peers/interop_client.h"

enum { PARALLEL_CALLS = 15 };

static void call_ok(struct interop *self)
{
    interop_expect(self, &self->call, interop_large_unary(self, self->channel), STATUS_OK);
}

/* Two calls, before and after a GOAWAY: the server sees to it that they come over two connections.
 */
static void goaway(struct interop *self)
{
    call_ok(self);
    call_ok(self);
}

/* RST_STREAM with NO_ERROR before the call is complete: whatever has come, the call has failed. */
static void expect_reset(struct interop *self)
{
    interop_expect(self, &self->call, interop_large_unary(self, self->channel), STATUS_INTERNAL);
}

struct parallel_call {
    struct interop *interop;
    enum status status;
};

static void run_parallel(void *argument)
{
    struct parallel_call *self = argument;
    self->status = interop_large_unary(self->interop, self->interop->channel);
}

/* One call teaches the limit, then all the others wait for their turn within it. */
static void max_streams(struct interop *self)
{
    struct parallel_call calls[PARALLEL_CALLS];
    struct fiber_group group;
    call_ok(self);
    fiber_group_init(&group);
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
        calls[i] = (struct parallel_call){.interop = self};
        CHECK(fiber_group_start(&group, run_parallel, &calls[i]) == STATUS_OK);
    }
    fiber_group_join(&group);
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
        interop_expect(self, &self->call, calls[i].status, STATUS_OK);
    }
}

const struct interop_case interop_http2_cases[] = {
    {"goaway", goaway},
    {"rst_after_header", expect_reset},
    {"rst_during_data", expect_reset},
    {"rst_after_data", expect_reset},
    {"ping", call_ok},
    {"max_streams", max_streams},
    {"data_frame_padding", call_ok},
    {"no_df_padding_sanity_test", call_ok},
    {NULL, NULL},
};
