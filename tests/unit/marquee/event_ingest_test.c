/* Events from a file into a log: what is counted, refused, keyed, and what happens when the log
 * does not take them. The log here keeps what it is given. */
#include "support/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/event_ingest.h"

enum { ARENA_BYTES = 1024 * 1024, KEPT_BYTES = 1024 * 1024 };

#define EVENT(user, record)                                                                        \
    "{\"userId\":\"" user "\",\"recordId\":\"" record                                              \
    "\",\"recordType\":\"movie\",\"value\":8,\"providerId\":\"p\",\"eventType\":\"put\"}"

struct kept_log {
    struct buffer keys; /* each with a space behind */
    size_t produced;
    size_t taken_max; /* then it is unavailable */
};

static enum status produce(void *state, struct call *call, struct text topic,
                           const struct eventlog_message *messages, size_t count,
                           size_t *ret_delivered)
{
    struct kept_log *log = state;
    assert_true(text_equal(topic, TEXT("ratings")));
    *ret_delivered = 0;
    while (*ret_delivered < count) {
        if (log->produced == log->taken_max) {
            return call_fail(call, STATUS_UNAVAILABLE, "the log is full");
        }
        assert_true(buffer_append(&log->keys, messages[*ret_delivered].key));
        assert_true(buffer_append_byte(&log->keys, ' '));
        log->produced++;
        ++*ret_delivered;
    }
    return STATUS_OK;
}

static const struct eventlog_producer_ops ops = {.produce = produce};

struct run {
    struct arena arena;
    struct call call;
    struct kept_log log;
    struct text_source text;
    struct event_ingest ingest;
    FILE *errors;
    char *complaints;
    size_t complaints_length;
};

static void set_up(struct run *run, const char *file)
{
    *run = (struct run){.log = {.taken_max = SIZE_MAX}};
    arena_init(&run->arena, ARENA_BYTES);
    call_init(&run->call, &run->arena, 0);
    buffer_init(&run->log.keys, KEPT_BYTES);
    run->errors = open_memstream(&run->complaints, &run->complaints_length);
    assert_non_null(run->errors);
    run->ingest = (struct event_ingest){
        .source = text_source_init(&run->text, text_of(file)),
        .file = "f",
        .producer = {&ops, &run->log},
        .topic = TEXT("ratings"),
        .timeout_ms = 1000,
        .complaints = {.errors = run->errors},
    };
}

static void tear_down(struct run *run)
{
    fclose(run->errors);
    free(run->complaints);
    buffer_deinit(&run->log.keys);
    arena_deinit(&run->arena);
}

static void assert_keys(struct run *run, const char *want)
{
    assert_true(text_equal(buffer_text(&run->log.keys), text_of(want)));
}

static void test_keys(void **state)
{
    static const char file[] = "[" EVENT("u1", "m1") ",\n" EVENT("u2", "m2") "]";
    struct run run;
    (void)state;
    for (int is_record = 0; is_record < 2; is_record++) {
        set_up(&run, file);
        run.ingest.key_is_record = is_record != 0;
        assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_OK);
        assert_keys(&run, is_record ? "m1 m2 " : "u1 u2 ");
        assert_int_equal(run.ingest.read, 2);
        assert_int_equal(run.ingest.delivered, 2);
        assert_int_equal(run.ingest.complaints.count, 0);
        tear_down(&run);
    }
}

static void test_refused(void **state)
{
    static const char file[] = EVENT("u1", "m1") "\nnonsense\n{}\n" EVENT("u2", "m2") "\n";
    struct run run;
    (void)state;
    set_up(&run, file);
    assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_OK);
    assert_keys(&run, "u1 u2 ");
    assert_int_equal(run.ingest.read, 4);
    assert_int_equal(run.ingest.complaints.count, 2);
    fflush(run.errors);
    assert_non_null(strstr(run.complaints, "f:2: "));
    assert_non_null(strstr(run.complaints, "f:3: "));
    tear_down(&run);
}

static void test_only_the_first_are_shown(void **state)
{
    char file[2 * (COMPLAINTS_SHOWN_MAX + 5) + 1];
    struct run run;
    (void)state;
    for (size_t i = 0; i < COMPLAINTS_SHOWN_MAX + 5; i++) {
        file[2 * i] = 'x';
        file[2 * i + 1] = '\n';
    }
    file[sizeof(file) - 1] = '\0';
    set_up(&run, file);
    assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_OK);
    assert_int_equal(run.ingest.complaints.count, COMPLAINTS_SHOWN_MAX + 5);
    fflush(run.errors);
    assert_non_null(strstr(run.complaints, "f:20: "));
    assert_null(strstr(run.complaints, "f:21: "));
    assert_non_null(strstr(run.complaints, "and 5 more were refused\n"));
    tear_down(&run);
}

static void test_raw(void **state)
{
    struct run run;
    (void)state;
    set_up(&run, "nonsense\n{\"userId\":\"u\"}\n{\"userId\":5}\n");
    run.ingest.raw = true;
    assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_OK);
    assert_keys(&run, " u  ");
    assert_int_equal(run.ingest.delivered, 3);
    tear_down(&run);
}

static void test_undelivered(void **state)
{
    struct run run;
    (void)state;
    set_up(&run, EVENT("u1", "m") "\n" EVENT("u2", "m") "\n" EVENT("u3", "m"));
    run.log.taken_max = 1;
    assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_UNAVAILABLE);
    assert_int_equal(run.ingest.delivered, 1);
    assert_int_equal(run.ingest.undelivered, 2);
    assert_true(text_equal(run.call.error.message,
                           TEXT("the event log does not take them: the log is full")));
    tear_down(&run);
}

/* What stands before the place where the file breaks off is delivered. */
static void test_broken_file(void **state)
{
    struct run run;
    (void)state;
    set_up(&run, "[" EVENT("u1", "m") ", {");
    assert_int_equal(event_ingest_run(&run.ingest, &run.call), STATUS_INVALID_ARGUMENT);
    assert_keys(&run, "u1 ");
    tear_down(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_only_the_first_are_shown),
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_undelivered),
        cmocka_unit_test(test_broken_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
