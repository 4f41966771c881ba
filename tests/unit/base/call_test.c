#include "base/call.h"

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"

static void set_up(struct call *call, struct arena *arena)
{
    arena_init(arena, 1 << 16);
    call_init(call, arena, 0);
}

static void the_first_message_stays(void **state)
{
    (void)state;
    struct arena arena;
    struct call call;
    set_up(&call, &arena);
    assert_int_equal(call_fail(&call, STATUS_NOT_FOUND, "no film %s", "tt1"), STATUS_NOT_FOUND);
    assert_int_equal(call_fail(&call, STATUS_INTERNAL, "later"), STATUS_INTERNAL);
    assert_true(text_equal(call.error.message, TEXT("no film tt1")));
    assert_int_equal(call.error.detail.length, 0);
    assert_int_equal(call_fail_detail(&call, STATUS_INTERNAL, "/var/db"), STATUS_INTERNAL);
    assert_true(text_equal(call.error.detail, TEXT("/var/db")));
    call_clear_error(&call);
    assert_int_equal(call.error.message.length, 0);
    (void)call_fail(&call, STATUS_INTERNAL, "again");
    assert_true(text_equal(call.error.message, TEXT("again")));
    arena_deinit(&arena);
}

/* Whatever the length of the character that meets the limit, what is kept is whole. */
static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xac"};
    struct arena arena;
    struct call call;
    for (size_t i = 0; i < ARRAY_LENGTH(characters); i++) {
        for (size_t lead = 0; lead < 4; lead++) {
            char message[3000] = "";
            size_t size = strlen(characters[i]);
            memset(message, 'x', lead);
            for (size_t at = lead; at + size < sizeof(message); at += size) {
                memcpy(message + at, characters[i], size);
            }
            set_up(&call, &arena);
            (void)call_fail(&call, STATUS_INTERNAL, "%s", message);
            assert_true(text_is_utf8(call.error.message));
            assert_in_range(call.error.message.length, 1024 - 3, 1024);
            arena_deinit(&arena);
        }
    }
}

static void a_message_without_memory_is_dropped(void **state)
{
    (void)state;
    struct arena arena;
    struct call call;
    arena_init(&arena, 4);
    call_init(&call, &arena, 0);
    assert_int_equal(call_fail(&call, STATUS_NOT_FOUND, "too long"), STATUS_NOT_FOUND);
    assert_int_equal(call.error.message.length, 0);
    arena_deinit(&arena);
}

static void the_sooner_deadline_holds(void **state)
{
    (void)state;
    static const struct {
        int64_t outer_ms;
        int64_t inner_ms;
        int64_t want_ms; /* 0: none */
    } cases[] = {
        {0, 0, 0},
        {1000, 0, 1000},
        {0, 1000, 1000},
        {1000, 5000, 1000},
        {5000, 1000, 1000},
        {INT64_MAX, 0, 0},
        {INT64_MAX / 1000000, 0, 0},
        {0, INT64_MAX, 0},
    };
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call outer;
        call_init(&outer, &arena, cases[i].outer_ms);
        struct call inner = call_within(&outer, cases[i].inner_ms);
        if (cases[i].want_ms == 0) {
            assert_true(inner.deadline_ns == CALL_NO_DEADLINE);
            assert_true(call_remaining_ns(&inner) == INT64_MAX);
            continue;
        }
        int64_t remaining_ns = call_remaining_ns(&inner);
        assert_true(remaining_ns <= cases[i].want_ms * CLOCK_NS_PER_MS);
        assert_true(remaining_ns > (cases[i].want_ms - 900) * CLOCK_NS_PER_MS);
        assert_memory_equal(&inner.identity.trace, &outer.identity.trace, sizeof(struct trace));
    }
    arena_deinit(&arena);
}

static void check_says_why_it_is_over(void **state)
{
    (void)state;
    struct arena arena;
    struct call call;
    struct cancellation cancellation;
    set_up(&call, &arena);
    cancellation_init(&cancellation);
    call.cancellation = &cancellation;
    assert_int_equal(call_check(&call), STATUS_OK);
    call.deadline_ns = clock_monotonic_ns();
    assert_int_equal(call_check(&call), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(call_remaining_ns(&call), 0);
    cancellation_request(&cancellation);
    assert_int_equal(call_check(&call), STATUS_CANCELLED);
    arena_deinit(&arena);
}

struct hook {
    struct cancel_hook hook;
    unsigned told;
    struct hook *removes;
};

static void tell(struct cancel_hook *cancel_hook)
{
    struct hook *hook = CONTAINER_OF(cancel_hook, struct hook, hook);
    hook->told++;
    if (hook->removes != NULL) {
        cancellation_remove_hook(&hook->removes->hook);
    }
}

static void hooks_are_told_once_unless_removed(void **state)
{
    (void)state;
    struct cancellation cancellation;
    struct hook hooks[4] = {{.told = 0}};
    cancellation_init(&cancellation);
    for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
        hooks[i].hook.notify = tell;
        cancellation_add_hook(&cancellation, &hooks[i].hook);
    }
    cancellation_remove_hook(&hooks[0].hook);
    hooks[1].removes = &hooks[3];
    cancellation_request(&cancellation);
    cancellation_request(&cancellation);
    static const unsigned want[] = {0, 1, 1, 0};
    for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++) {
        assert_int_equal(hooks[i].told, want[i]);
        cancellation_remove_hook(&hooks[i].hook); /* may be repeated */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_stays),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(a_message_without_memory_is_dropped),
        cmocka_unit_test(the_sooner_deadline_holds),
        cmocka_unit_test(check_says_why_it_is_over),
        cmocka_unit_test(hooks_are_told_once_unless_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
