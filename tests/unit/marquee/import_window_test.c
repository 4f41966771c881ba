/* Votes gathered in a window: when it is sent, in which order, and what becomes of it when it
 * cannot be sent. What was sent is read from the batch that it went into, which no service is asked
 * for as long as it is not full. */
#include "marquee/import_window.h"

#include "marquee/bulk_private.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 64 * 1024, NAME_BYTES = 64, HUNDREDTHS = 750 };

/* 2026-01-02T03:04:05Z */
#define TIME_MS INT64_C(1767323045000)

struct scene {
    struct command_input input;
    struct session session;
    struct bulk bulk;
    struct import_window window;
    struct cancellation cancellation;
    uint64_t line; /* of the last vote */
};

/* The call of the session, and room for batches. */
static void can_send(struct scene *scene)
{
    call_init(&scene->session.call, &scene->session.arena, 0);
    fiber_semaphore_init(&scene->bulk.batch_gate, 1);
    scene->bulk.status = STATUS_OK;
}

static void set_up(struct scene *scene, size_t votes, size_t bytes)
{
    const struct import_window_limits limits = {.votes = votes, .bytes = bytes};
    *scene = (struct scene){.input = {.errors = stderr}};
    scene->session.input = &scene->input;
    arena_init(&scene->session.arena, ARENA_BYTES);
    bulk_init(&scene->bulk, &scene->session, "ratings.csv");
    import_window_init(&scene->window, &scene->bulk, &limits);
    can_send(scene);
}

static void tear_down(struct scene *scene)
{
    if (scene->bulk.batch != NULL) {
        bulk_job_destroy(scene->bulk.batch);
    }
    import_window_deinit(&scene->window);
    arena_deinit(&scene->session.arena);
}

static struct rating_change vote_of(struct text record, struct text user)
{
    return (struct rating_change){
        .key = {.record = {RECORD_TYPE_MOVIE, record}, .user = user},
        .hundredths = HUNDREDTHS,
        .has_time = true,
        .time_ms = TIME_MS,
    };
}

/* The names are gone when it returns. */
static enum status put(struct scene *scene, struct text record, struct text user)
{
    char names[2][NAME_BYTES];
    assert_true(text_to_c_string(record, names[0], NAME_BYTES));
    assert_true(text_to_c_string(user, names[1], NAME_BYTES));
    const struct rating_change vote = vote_of(text_of(names[0]), text_of(names[1]));
    enum status status = import_window_put(&scene->window, &vote, ++scene->line);
    memset(names, 'x', sizeof(names));
    return status;
}

/* "record.user record.user", a line each. */
static void put_all(struct scene *scene, const char *given)
{
    struct text rest = text_of(given);
    while (rest.length > 0) {
        struct text user = text_next(&rest, ' ');
        struct text record = text_next(&user, '.');
        assert_int_equal(put(scene, record, user), STATUS_OK);
    }
}

/* As "record.user@line record.user@line". */
static void expect_sent(struct scene *scene, const char *want)
{
    const struct bulk_job *batch = scene->bulk.batch;
    struct arena *arena = &scene->session.arena;
    struct text sent = TEXT("");
    for (size_t i = 0; batch != NULL && i < batch->count; i++) {
        const PutRatingRequest *vote = batch->votes->ratings[i];
        sent = arena_format(arena, "%.*s%s%.*s.%.*s@%u", TEXT_ARGUMENTS(sent), i > 0 ? " " : "",
                            TEXT_ARGUMENTS(proto_text(vote->record_id)),
                            TEXT_ARGUMENTS(proto_text(vote->user_id)), (unsigned)batch->lines[i]);
        assert_non_null(sent.data);
    }
    assert_string_equal(sent.data, want);
}

static void run_windows(void *argument)
{
    static const struct {
        size_t votes;
        size_t bytes; /* of "a.u": 3 */
        const char *given;
        const char *by_puts; /* sent before the end … */
        const char *in_all;  /* … and with it */
    } cases[] = {
        {9, 99, "", "", ""},
        /* By record; on one record as they came, whoever cast them. */
        {9, 99, "b.u a.u", "", "a.u@2 b.u@1"},
        {9, 99, "b.z a.u b.a a.a", "", "a.u@2 a.a@4 b.z@1 b.a@3"},
        {9, 99, "b.u ab.u a.u", "", "a.u@3 ab.u@2 b.u@1"},
        /* Sent when there is one too many, and each window by itself. */
        {2, 99, "c.u b.u", "", "b.u@2 c.u@1"},
        {2, 99, "c.u b.u a.u", "b.u@2 c.u@1", "b.u@2 c.u@1 a.u@3"},
        {2, 99, "e.u d.u c.u b.u a.u", "d.u@2 e.u@1 b.u@4 c.u@3", "d.u@2 e.u@1 b.u@4 c.u@3 a.u@5"},
        /* Full of texts. */
        {9, 6, "c.u b.u", "", "b.u@2 c.u@1"},
        {9, 6, "c.u b.u a.u", "b.u@2 c.u@1", "b.u@2 c.u@1 a.u@3"},
        /* What fits no window goes by itself, behind those before it. */
        {9, 6, "bbb.user a.u", "bbb.user@1", "bbb.user@1 a.u@2"},
        {9, 6, "d.u c.u bbb.user a.u", "c.u@2 d.u@1 bbb.user@3", "c.u@2 d.u@1 bbb.user@3 a.u@4"},
        {0, 99, "b.u a.u", "b.u@1 a.u@2", "b.u@1 a.u@2"},
    };
    struct scene *scene = argument;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        set_up(scene, cases[i].votes, cases[i].bytes);
        put_all(scene, cases[i].given);
        expect_sent(scene, cases[i].by_puts);
        assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
        expect_sent(scene, cases[i].in_all);
        assert_int_equal(import_window_flush(&scene->window), STATUS_OK); /* there is no more */
        expect_sent(scene, cases[i].in_all);
        tear_down(scene);
    }
}

/* A vote is what it was. */
static void run_whole_vote(void *argument)
{
    struct scene *scene = argument;
    struct rating_change given = vote_of(TEXT("a"), TEXT("u"));
    given.key.record.type = RECORD_TYPE_ACTOR;
    given.key.provider = TEXT("lens");
    set_up(scene, 9, 99);
    assert_int_equal(import_window_put(&scene->window, &given, ++scene->line), STATUS_OK);
    assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
    const PutRatingRequest *vote = scene->bulk.batch->votes->ratings[0];
    assert_true(text_equal(proto_text(vote->record_type), TEXT("actor")));
    assert_true(text_equal(proto_text(vote->provider_id), TEXT("lens")));
    assert_true(text_equal(proto_text(vote->event_time), TEXT("2026-01-02T03:04:05Z")));
    assert_int_equal(vote->exact_value->hundredths, HUNDREDTHS);
    tear_down(scene);
}

static void an_earlier_write_failed(struct scene *scene)
{
    scene->bulk.status = STATUS_UNAVAILABLE;
}

/* Too much is in flight until the call is over. */
static void the_deadline_passes(struct scene *scene)
{
    call_init(&scene->session.call, &scene->session.arena, 1);
    fiber_semaphore_init(&scene->bulk.batch_gate, 0);
}

static void it_was_cancelled(struct scene *scene)
{
    cancellation_init(&scene->cancellation);
    cancellation_request(&scene->cancellation);
    scene->session.call.cancellation = &scene->cancellation;
    fiber_semaphore_init(&scene->bulk.batch_gate, 0);
}

/* The failure is told, whoever comes upon it, and what was gathered is not sent later. */
static void run_failures(void *argument)
{
    static const struct {
        void (*break_off)(struct scene *scene);
        size_t votes; /* of which the put of the second sends … */
        enum status by_put;
        enum status by_flush; /* … or the flush */
    } cases[] = {
        {an_earlier_write_failed, 1, STATUS_UNAVAILABLE, STATUS_OK},
        {an_earlier_write_failed, 2, STATUS_OK, STATUS_UNAVAILABLE},
        {an_earlier_write_failed, 0, STATUS_UNAVAILABLE, STATUS_OK},
        {the_deadline_passes, 1, STATUS_DEADLINE_EXCEEDED, STATUS_OK},
        {the_deadline_passes, 2, STATUS_OK, STATUS_DEADLINE_EXCEEDED},
        {it_was_cancelled, 1, STATUS_CANCELLED, STATUS_OK},
        {it_was_cancelled, 2, STATUS_OK, STATUS_CANCELLED},
    };
    struct scene *scene = argument;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        set_up(scene, cases[i].votes, 99);
        if (cases[i].votes > 0) {
            assert_int_equal(put(scene, TEXT("b"), TEXT("u")), STATUS_OK);
        }
        cases[i].break_off(scene);
        assert_int_equal(put(scene, TEXT("a"), TEXT("u")), cases[i].by_put);
        assert_int_equal(import_window_flush(&scene->window), cases[i].by_flush);
        assert_null(scene->bulk.batch);
        can_send(scene);
        assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
        assert_null(scene->bulk.batch);
        put_all(scene, "c.u");
        assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
        assert_int_equal(scene->bulk.batch->count, 1);
        tear_down(scene);
    }
}

/* Of more than a request holds one finds no room; the one behind it, which would, stays behind. */
static void run_first_failure(void *argument)
{
    enum { LONG_BYTES = 60000, LONG_VOTES = BULK_JOB_BYTES_MAX / LONG_BYTES + 1 };
    static char name[LONG_BYTES];
    struct scene *scene = argument;
    memset(name, 'u', sizeof(name));
    set_up(scene, LONG_VOTES + 1, (size_t)2 * BULK_JOB_BYTES_MAX);
    for (size_t i = 0; i < LONG_VOTES; i++) {
        const struct rating_change vote = vote_of(TEXT("a"), text_of_bytes(name, sizeof(name) - i));
        assert_int_equal(import_window_put(&scene->window, &vote, ++scene->line), STATUS_OK);
    }
    put_all(scene, "b.u");
    assert_int_equal(import_window_flush(&scene->window), STATUS_RESOURCE_EXHAUSTED);
    assert_in_range(scene->bulk.batch->count, 1, LONG_VOTES - 1);
    tear_down(scene);
}

/* More than there is room for at first. */
static void run_growth(void *argument)
{
    enum { VOTES = 5000 };
    struct scene *scene = argument;
    set_up(scene, VOTES, ARENA_BYTES);
    for (size_t i = 0; i < VOTES; i++) {
        char user[NAME_BYTES];
        (void)snprintf(user, sizeof(user), "%zu", i);
        assert_int_equal(put(scene, TEXT("a"), text_of(user)), STATUS_OK);
        assert_null(scene->bulk.batch);
    }
    assert_int_equal(put(scene, TEXT("a"), TEXT("0")), STATUS_OK); /* it is there */
    an_earlier_write_failed(scene);
    assert_int_equal(put(scene, TEXT("a"), TEXT("u")), STATUS_UNAVAILABLE);
    tear_down(scene);
}

/* Of one user's votes on one record one is sent, wherever in the window the others are. */
static void run_superseded(void *argument)
{
    static const struct {
        int64_t times_ms[3]; /* of three votes, of 100, 200 and 300 hundredths */
        int32_t want;
        uint64_t line;
    } cases[] = {
        {{1, 2, 3}, 300, 3}, {{3, 2, 1}, 100, 1}, {{1, 3, 2}, 200, 2},
        {{2, 2, 2}, 300, 3}, {{2, 2, 1}, 200, 2}, {{-2, -1, -3}, 200, 2},
    };
    struct scene *scene = argument;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        set_up(scene, 9, 99);
        for (size_t j = 0; j < 3; j++) {
            struct rating_change vote = vote_of(TEXT("a"), TEXT("u"));
            vote.time_ms = cases[i].times_ms[j];
            vote.hundredths = 100 * (int32_t)(j + 1);
            assert_int_equal(import_window_put(&scene->window, &vote, ++scene->line), STATUS_OK);
        }
        assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
        assert_int_equal(scene->bulk.batch->count, 1);
        assert_int_equal(scene->bulk.batch->votes->ratings[0]->exact_value->hundredths,
                         cases[i].want);
        assert_int_equal(scene->bulk.batch->lines[0], cases[i].line);
        assert_int_equal(scene->bulk.votes, 2); /* that change nothing */
        tear_down(scene);
    }
}

/* Who differs in anything has another vote, also where the texts are the same one after another. */
static void run_other_keys(void *argument)
{
    struct scene *scene = argument;
    const struct vote_key keys[] = {
        {.record = {RECORD_TYPE_MOVIE, TEXT("ab")}, .user = TEXT("c")},
        {.record = {RECORD_TYPE_MOVIE, TEXT("a")}, .user = TEXT("bc")},
        {.record = {RECORD_TYPE_MOVIE, TEXT("a")}, .user = TEXT("b"), .provider = TEXT("c")},
        {.record = {RECORD_TYPE_ACTOR, TEXT("ab")}, .user = TEXT("c")},
    };
    set_up(scene, 9, 99);
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct rating_change vote = vote_of(TEXT(""), TEXT(""));
        vote.key = keys[i];
        assert_int_equal(import_window_put(&scene->window, &vote, ++scene->line), STATUS_OK);
    }
    assert_int_equal(import_window_flush(&scene->window), STATUS_OK);
    assert_int_equal(scene->bulk.batch->count, ARRAY_LENGTH(keys));
    tear_down(scene);
}

static void test_windows(void **state)
{
    (void)state;
    in_fiber_with(run_windows, sizeof(struct scene));
}

static void test_whole_vote(void **state)
{
    (void)state;
    in_fiber_with(run_whole_vote, sizeof(struct scene));
}

static void test_failures(void **state)
{
    (void)state;
    in_fiber_with(run_failures, sizeof(struct scene));
}

static void test_first_failure(void **state)
{
    (void)state;
    in_fiber_with(run_first_failure, sizeof(struct scene));
}

static void test_growth(void **state)
{
    (void)state;
    in_fiber_with(run_growth, sizeof(struct scene));
}

static void test_superseded(void **state)
{
    (void)state;
    in_fiber_with(run_superseded, sizeof(struct scene));
}

static void test_other_keys(void **state)
{
    (void)state;
    in_fiber_with(run_other_keys, sizeof(struct scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),    cmocka_unit_test(test_whole_vote),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_first_failure),
        cmocka_unit_test(test_growth),     cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_other_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
