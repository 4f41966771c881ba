/* Windowed counts, ended at random moments and started anew: what is in the log, by resultId, is
 * what a count of the whole log by other means gives. */
#include "marquee/stream_aggregate.h"

#include <stdio.h>

#include "base/clock.h"
#include "marquee/stream_log_scene.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "json/json.h"

enum {
    PARTITIONS = 2,
    VOTES = 600,
    RECORDS = 4,
    RUNS = 20, /* seeds */
    WINDOW_MS = 1000,
    LATENESS_MS = 300,
    RESULTS_MAX = 4096,
    BATCH_MAX = 7,
};

#define BASE_MS INT64_C(1000000000000)

struct known_vote {
    int32_t partition;
    int64_t time_ms;
    int64_t appended_ms;
    unsigned record;
    unsigned id;
    int hundredths;
    bool counts;
};

struct known_result {
    int32_t partition;
    unsigned record;
    int64_t start_ms;
    uint64_t count;
    uint64_t sum;
    bool seen;
};

struct scene {
    struct stream_log_scene log;
    uint64_t random;
    struct known_vote votes[VOTES];
    size_t vote_count;
    struct known_result results[RESULTS_MAX];
    size_t result_count;
    unsigned found;
    unsigned repeated;
    unsigned ends;
};

static unsigned draw(struct scene *scene, unsigned bound)
{
    scene->random = scene->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(scene->random >> 33) % bound;
}

static void append_vote(struct scene *scene, unsigned index)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    char key[16];
    struct known_vote *vote = &scene->votes[scene->vote_count++];
    int64_t now_ms = BASE_MS + (int64_t)index * 40;
    *vote = (struct known_vote){
        .appended_ms = now_ms,
        .time_ms = now_ms - (int64_t)draw(scene, 800) + (draw(scene, 50) == 0 ? 5000 : 0),
        .record = draw(scene, RECORDS),
        .id = draw(scene, 10) == 0 && index > 0 ? draw(scene, index) : index,
        .hundredths = (int)draw(scene, 1001),
    };
    (void)snprintf(key, sizeof(key), "%u", draw(scene, 8));
    vote->partition = eventlog_partition(text_of(key), PARTITIONS);
    struct text value = arena_format(
        &scene->log.arena,
        "{\"userId\":\"u\",\"recordId\":\"tt%u\",\"recordType\":\"movie\",\"value\":%d.%02d,"
        "\"providerId\":\"p\",\"eventType\":\"put\",\"eventId\":\"%u\",\"eventTime\":\"%.*s\"}",
        vote->record, vote->hundredths / 100, vote->hundredths % 100, vote->id,
        TEXT_ARGUMENTS(clock_format(vote->time_ms, time)));
    stream_log_scene_append(
        &scene->log, "ratings",
        (struct eventlog_message){.key = arena_copy(&scene->log.arena, text_of(key)),
                                  .value = value,
                                  .time_ms = vote->appended_ms});
}

static int64_t start_of(const struct known_vote *vote)
{
    return vote->time_ms - vote->time_ms % WINDOW_MS;
}

/* The watermark of a partition behind so many votes of all. */
static int64_t watermark(const struct scene *scene, int32_t partition, size_t count)
{
    int64_t latest_ms = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        const struct known_vote *vote = &scene->votes[i];
        int64_t seen_ms = vote->time_ms < vote->appended_ms ? vote->time_ms : vote->appended_ms;
        if (vote->partition == partition && seen_ms > latest_ms) {
            latest_ms = seen_ms;
        }
    }
    return latest_ms;
}

static bool is_counted_before(const struct scene *scene, size_t index)
{
    const struct known_vote *vote = &scene->votes[index];
    for (size_t i = 0; i < index; i++) {
        const struct known_vote *other = &scene->votes[i];
        if (other->counts && other->partition == vote->partition && other->id == vote->id &&
            start_of(other) == start_of(vote)) {
            return true;
        }
    }
    return false;
}

static struct known_result *result_of(struct scene *scene, int32_t partition, unsigned record,
                                      int64_t start_ms)
{
    for (size_t i = 0; i < scene->result_count; i++) {
        struct known_result *result = &scene->results[i];
        if (result->partition == partition && result->record == record &&
            result->start_ms == start_ms) {
            return result;
        }
    }
    assert_true(scene->result_count < RESULTS_MAX);
    scene->results[scene->result_count] =
        (struct known_result){.partition = partition, .record = record, .start_ms = start_ms};
    return &scene->results[scene->result_count++];
}

/* Every window that must be closed by now, with its counts: looked at vote by vote, from the
 * beginning. */
static void work_out(struct scene *scene)
{
    for (size_t i = 0; i < scene->vote_count; i++) {
        struct known_vote *vote = &scene->votes[i];
        int64_t over_ms = start_of(vote) + WINDOW_MS + LATENESS_MS;
        vote->counts =
            over_ms > watermark(scene, vote->partition, i + 1) && !is_counted_before(scene, i);
        if (vote->counts && over_ms <= watermark(scene, vote->partition, scene->vote_count)) {
            struct known_result *result =
                result_of(scene, vote->partition, vote->record, start_of(vote));
            result->count++;
            result->sum += (uint64_t)vote->hundredths;
        }
    }
}

/* A result that is in the log must be a known one, with these counts; twice is the same twice. */
static enum status check_results(void *state, struct call *call, const struct eventlog_batch *batch)
{
    struct scene *scene = state;
    for (size_t i = 0; i < batch->count; i++) {
        const struct json *json;
        int64_t start_ms;
        assert_int_equal(json_parse(call, batch->records[i].value, &json), STATUS_OK);
        assert_true(clock_parse(json_string(json_member(json, "windowStart")), &start_ms));
        int32_t partition = (int32_t)json_integer(json_member(json, "partition"));
        struct text id = json_string(json_member(json, "recordId"));
        uint64_t record;
        assert_true(text_to_u64(text_slice(id, 2, id.length), &record));
        struct known_result *result = result_of(scene, partition, (unsigned)record, start_ms);
        assert_int_equal(json_integer(json_member(json, "count")), result->count);
        assert_int_equal(json_integer(json_member(json, "sumHundredths")), result->sum);
        struct text want = arena_format(
            &scene->log.arena, "ratings/%d/%.*s/movie/%.*s", partition,
            TEXT_ARGUMENTS(json_string(json_member(json, "windowStart"))), TEXT_ARGUMENTS(id));
        assert_true(text_equal(json_string(json_member(json, "resultId")), want));
        scene->found += !result->seen;
        scene->repeated += result->seen;
        result->seen = true;
    }
    return STATUS_OK;
}

static enum status open_checkpoints(void *state, struct call *call,
                                    struct eventlog_consumer *ret_consumer)
{
    struct scene *scene = state;
    return memory_eventlog_consumer_open(scene->log.log, call, TEXT(""), TEXT("checkpoints"),
                                         (struct eventlog_positions){.get = NULL}, ret_consumer);
}

/* A process, from its start to its end; what it has in memory goes with it. */
static enum status live(struct scene *scene, struct stream_aggregate *aggregate)
{
    struct eventlog_processor processor = {
        .process = stream_aggregate_process, .state = aggregate, .batch_max = 1 + draw(scene, 7)};
    *aggregate = (struct stream_aggregate){
        .group = TEXT("g"),
        .from = TEXT("ratings"),
        .to = TEXT("windows"),
        .checkpoints = TEXT("checkpoints"),
        .window_ms = WINDOW_MS,
        .lateness_ms = LATENESS_MS,
        .open_checkpoints = open_checkpoints,
        .state = scene,
    };
    enum status status = stream_log_scene_run(&scene->log, "g", "ratings",
                                              stream_aggregate_positions(aggregate), &processor);
    stream_aggregate_deinit(aggregate);
    return status;
}

static void check_against_the_oracle(struct scene *scene)
{
    work_out(scene);
    size_t want = scene->result_count;
    stream_log_scene_read(&scene->log, "windows", check_results, scene);
    assert_int_equal(scene->result_count, want);
    assert_int_equal(scene->found, want);
}

static void run_without_an_end(void *argument)
{
    struct scene *scene = argument;
    struct stream_aggregate aggregate;
    scene->random = 1;
    stream_log_scene_open(&scene->log, PARTITIONS);
    for (unsigned i = 0; i < VOTES; i++) {
        append_vote(scene, i);
    }
    stream_log_scene_append(&scene->log, "ratings", (struct eventlog_message){.value = TEXT("{")});
    assert_int_equal(live(scene, &aggregate), STATUS_OK);
    check_against_the_oracle(scene);
    assert_int_equal(scene->repeated, 0);
    assert_int_equal(aggregate.passed_over, 1);
    assert_int_equal(aggregate.counted + aggregate.late + aggregate.repeated, VOTES);
    assert_true(aggregate.late > 0 && aggregate.repeated > 0);
    assert_int_equal(aggregate.results, scene->found);
    stream_log_scene_close(&scene->log);
}

static void counts_are_what_they_are(void **state)
{
    (void)state;
    in_fiber_with(run_without_an_end, sizeof(struct scene));
}

/* Ended before or behind one of its next produces, of results or of a checkpoint. */
static void run_with_ends(void *argument)
{
    struct scene *scene = argument;
    struct stream_aggregate aggregate;
    unsigned ends = 0;
    unsigned repeated = 0;
    for (unsigned seed = 1; seed <= RUNS; seed++) {
        memset(scene, 0, sizeof(*scene));
        scene->random = seed;
        stream_log_scene_open(&scene->log, PARTITIONS);
        for (unsigned i = 0; i < VOTES;) {
            unsigned until = i + draw(scene, 100);
            for (; i < VOTES && i < until; i++) {
                append_vote(scene, i);
            }
            scene->log.fatal_produce = 1 + draw(scene, 20);
            scene->log.fatal_afterwards = draw(scene, 2) == 0;
            ends += live(scene, &aggregate) == STATUS_INTERNAL;
        }
        scene->log.fatal_produce = 0;
        assert_int_equal(live(scene, &aggregate), STATUS_OK);
        check_against_the_oracle(scene);
        repeated += scene->repeated;
        stream_log_scene_close(&scene->log);
    }
    print_message("%d runs, %u ends, %u results a second time\n", RUNS, ends, repeated);
    assert_true(ends > RUNS && repeated > RUNS);
}

static void ends_count_nothing_twice(void **state)
{
    (void)state;
    in_fiber_with(run_with_ends, sizeof(struct scene));
}

static void run_unreadable_checkpoint(void *argument)
{
    struct scene *scene = argument;
    struct stream_aggregate aggregate;
    scene->random = 1;
    stream_log_scene_open(&scene->log, 1);
    append_vote(scene, 0);
    stream_log_scene_append(
        &scene->log, "checkpoints",
        (struct eventlog_message){.key = TEXT("other/ratings/0"), .value = TEXT("?")});
    assert_int_equal(live(scene, &aggregate), STATUS_OK);
    assert_int_equal(aggregate.counted, 1);
    stream_log_scene_append(
        &scene->log, "checkpoints",
        (struct eventlog_message){.key = TEXT("g/ratings/0"), .value = TEXT("{}")});
    assert_int_equal(live(scene, &aggregate), STATUS_OK); /* it waits, and counts nothing */
    assert_int_equal(aggregate.counted, 0);
    stream_log_scene_close(&scene->log);
}

static void a_checkpoint_that_cannot_be_read_stops_counting(void **state)
{
    (void)state;
    in_fiber_with(run_unreadable_checkpoint, sizeof(struct scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_what_they_are),
        cmocka_unit_test(ends_count_nothing_twice),
        cmocka_unit_test(a_checkpoint_that_cannot_be_read_stops_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
