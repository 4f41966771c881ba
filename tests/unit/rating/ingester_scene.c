#include "unit/rating/ingester_scene.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/in_fiber.h"
#include "telemetry/telemetry.h"

enum { PAGE_BYTES_MAX = 1024 * 1024 };

static size_t bytes_of(const struct rating_batch *batch)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->change_count; i++) {
        const struct vote_key *key = &batch->changes[i].key;
        bytes += key->user.length + key->record.id.length + key->provider.length;
    }
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        bytes += batch->dead_letters[i].payload.length;
    }
    return bytes;
}

static void write_down(struct ingester_scene *scene, const struct rating_batch *batch,
                       enum status status)
{
    size_t bytes = bytes_of(batch);
    scene->bytes_most = bytes > scene->bytes_most ? bytes : scene->bytes_most;
    if (scene->applications <= SCENE_TRANSACTIONS_MAX) {
        scene->transactions[scene->applications - 1] = (struct scene_transaction){
            .changes = batch->change_count,
            .dead_letters = batch->dead_letter_count,
            .moves = batch->position != NULL,
            .status = status,
        };
    }
    fiber_wait_signal(&scene->applied);
}

static enum status fail_as_planted(struct ingester_scene *scene, struct call *call,
                                   const struct rating_batch *batch)
{
    scene->fault_times--;
    if (scene->fault_loses_answers) {
        assert_int_equal(scene->whole.ops->apply(scene->whole.state, call, batch), STATUS_OK);
    }
    return call_fail(call, scene->fault, "planted");
}

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct ingester_scene *scene = state;
    bool is_due = scene->fault_after == 0;
    scene->fault_after -= is_due ? 0 : 1;
    scene->applications++;
    if (scene->hangs && fiber_wait(call, &scene->goes_on) != STATUS_OK) {
        return STATUS_CANCELLED;
    }
    enum status status = is_due && scene->fault_times > 0
                             ? fail_as_planted(scene, call, batch)
                             : scene->whole.ops->apply(scene->whole.state, call, batch);
    write_down(scene, batch, status);
    return status;
}

static enum status claim_position(void *state, struct call *call, struct text topic,
                                  int32_t partition, struct rating_position *ret_position)
{
    struct ingester_scene *scene = state;
    scene->claims++;
    if (scene->claim_fault_times > 0) {
        scene->claim_fault_times--;
        return call_fail(call, scene->claim_fault, "planted");
    }
    return scene->whole.ops->claim_position(scene->whole.state, call, topic, partition,
                                            ret_position);
}

struct rating_repository ingester_scene_repository(struct ingester_scene *scene)
{
    /* The ingester asks for nothing else. */
    static const struct rating_repository_ops ops = {.apply = apply,
                                                     .claim_position = claim_position};
    return (struct rating_repository){&ops, scene};
}

struct rating_ingester *ingester_scene_open(struct ingester_scene *scene, struct text group,
                                            struct rating_ingester_options options)
{
    struct eventlog_consumer consumer;
    struct rating_ingester *ingester;
    options.repository = ingester_scene_repository(scene);
    assert_int_equal(rating_ingester_create(&options, &ingester), STATUS_OK);
    assert_int_equal(memory_eventlog_consumer_open(scene->log, &scene->call, group, SCENE_TOPIC,
                                                   rating_ingester_positions(ingester), &consumer),
                     STATUS_OK);
    assert_int_equal(rating_ingester_start(ingester, consumer), STATUS_OK);
    return ingester;
}

void ingester_scene_start(struct ingester_scene *scene, size_t batch_max)
{
    scene->ingester = ingester_scene_open(scene, TEXT("group"),
                                          (struct rating_ingester_options){.batch_max = batch_max});
}

static void run_body(void *argument)
{
    struct ingester_scene *scene = argument;
    arena_init(&scene->arena, SCENE_ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, SCENE_TIMEOUT_MS);
    fiber_wait_init(&scene->applied);
    fiber_wait_init(&scene->goes_on);
    scene->log = memory_eventlog_create(1);
    assert_non_null(scene->log);
    assert_int_equal(memory_eventlog_producer_open(scene->log, &scene->call, &scene->producer),
                     STATUS_OK);
    assert_int_equal(memory_rating_repository_open(&scene->call, &scene->whole), STATUS_OK);
    scene->body(scene);
    if (scene->ingester != NULL) {
        rating_ingester_stop(scene->ingester);
    }
    rating_ingester_destroy(scene->ingester);
    scene->producer.ops->close(scene->producer.state);
    memory_eventlog_destroy(scene->log);
    scene->whole.ops->close(scene->whole.state);
    arena_deinit(&scene->arena);
}

void ingester_scene_run(struct ingester_scene *scene)
{
    in_fiber(run_body, scene);
}

void ingester_scene_produce(struct ingester_scene *scene, struct text value)
{
    const struct eventlog_message message = {.key = TEXT("k"), .value = value};
    size_t delivered;
    assert_int_equal(scene->producer.ops->produce(scene->producer.state, &scene->call, SCENE_TOPIC,
                                                  &message, 1, &delivered),
                     STATUS_OK);
}

void ingester_scene_produce_votes(struct ingester_scene *scene, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        ingester_scene_produce(scene, arena_format(&scene->arena,
                                                   "{\"userId\":\"u%u\",\"recordId\":\"tt1\","
                                                   "\"recordType\":\"movie\",\"value\":8,"
                                                   "\"providerId\":\"p\",\"eventType\":\"put\"}",
                                                   i));
    }
}

uint64_t ingester_scene_vote_count(struct ingester_scene *scene)
{
    struct rating_aggregate aggregate;
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("tt1")};
    return scene->whole.ops->get_aggregate(scene->whole.state, &scene->call, record, &aggregate) ==
                   STATUS_OK
               ? aggregate.count
               : 0;
}

int64_t ingester_scene_position(struct ingester_scene *scene)
{
    int64_t next_offset;
    return scene->whole.ops->get_position(scene->whole.state, &scene->call, SCENE_TOPIC, 0,
                                          &next_offset) == STATUS_OK
               ? next_offset
               : 0;
}

void ingester_scene_wait_for_position(struct ingester_scene *scene, int64_t want)
{
    while (ingester_scene_position(scene) < want) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
        fiber_yield();
    }
    assert_int_equal(ingester_scene_position(scene), want);
}

struct text ingester_scene_wait_for_stop(struct ingester_scene *scene)
{
    struct text reason;
    while (rating_ingester_is_running(scene->ingester, &reason)) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    return reason;
}

void ingester_scene_assert_running(struct ingester_scene *scene)
{
    struct text reason;
    assert_true(rating_ingester_is_running(scene->ingester, &reason));
}

static double find_sample(struct text page, struct text name)
{
    double value = -1;
    while (page.data != NULL) {
        struct text line = text_next(&page, '\n');
        if (text_starts_with(line, name) && line.length > name.length &&
            line.data[name.length] == ' ') {
            assert_true(text_to_double(text_slice(line, name.length + 1, line.length), &value));
        }
    }
    return value;
}

double ingester_scene_metric(struct ingester_scene *scene, const struct rating_ingester *ingester,
                             const char *name)
{
    struct telemetry *telemetry;
    struct buffer page;
    (void)scene;
    buffer_init(&page, PAGE_BYTES_MAX);
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, rating_ingester_write_metrics, (void *)(uintptr_t)ingester);
    assert_true(telemetry_write(telemetry, &page));
    double value = find_sample(buffer_text(&page), text_of(name));
    telemetry_destroy(telemetry);
    buffer_deinit(&page);
    return value;
}

void ingester_scene_wait_for_metric(struct ingester_scene *scene, const char *name, double want)
{
    while (ingester_scene_metric(scene, scene->ingester, name) != want) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}
