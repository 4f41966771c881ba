#include "support/load.h"

#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/rpc_client.h"
#include "support/service_process.h"

void load_init(struct load *load)
{
    *load = (struct load){.calls = 0};
    fiber_wait_init(&load->progress);
    fiber_group_init(&load->fibers);
}

static void note_failure(struct load *load, const struct call *call)
{
    struct text message = call->error.message;
    load->failed++;
    (void)snprintf(load->failure, sizeof(load->failure), "%.*s", TEXT_ARGUMENTS(message));
}

static void ask_on(void *argument)
{
    const struct load_caller *caller = argument;
    struct load *load = caller->load;
    while (!load->enough) {
        struct test_call test;
        test_call_init(&test, LOAD_CALL_TIMEOUT_MS);
        if (!caller->ask(caller->state, &test.call)) {
            note_failure(load, &test.call);
        }
        load->calls++;
        test_call_deinit(&test);
        if (load->calls >= load->awaited) {
            fiber_wait_signal(&load->progress);
        }
    }
}

void load_start(struct load *load, unsigned callers, load_call_fn ask, void *state)
{
    for (unsigned i = 0; i < callers; i++) {
        assert_true(load->caller_count < LOAD_CALLERS_MAX);
        struct load_caller *caller = &load->callers[load->caller_count++];
        *caller = (struct load_caller){.load = load, .ask = ask, .state = state};
        assert_int_equal(fiber_group_start(&load->fibers, ask_on, caller), STATUS_OK);
    }
}

void load_await(struct load *load, unsigned more)
{
    struct test_call test;
    test_call_init(&test, SERVICE_WAIT_MS);
    load->awaited = load->calls + more;
    while (load->calls < load->awaited) {
        assert_int_equal(fiber_wait(&test.call, &load->progress), STATUS_OK);
    }
    test_call_deinit(&test);
}

void load_await_unharmed(struct load *load, unsigned more)
{
    unsigned failed = load->failed;
    load_await(load, more);
    if (load->failed != failed) {
        fail_msg("%u of the last %u calls failed: %s", load->failed - failed, more, load->failure);
    }
}

void load_await_for(struct load *load, int64_t duration_ms)
{
    int64_t end_ns = clock_monotonic_ns() + duration_ms * CLOCK_NS_PER_MS;
    while (clock_monotonic_ns() < end_ns) {
        load_await_unharmed(load, load->caller_count);
    }
}

void load_stop(struct load *load)
{
    load->enough = true;
    fiber_group_join(&load->fibers);
}
