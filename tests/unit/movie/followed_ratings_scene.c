#include "unit/movie/followed_ratings_scene.h"

#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka_test.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 64 * 1024 * 1024 };

/* A consumer in a group of its own, as every instance has. */
static enum status open_consumer(void *source, struct call *call,
                                 struct eventlog_positions positions,
                                 struct eventlog_consumer *ret_consumer)
{
    struct follow_scene *scene = source;
    char group[FOLLOW_SCENE_ID_BYTES];
    (void)snprintf(group, sizeof(group), "group-%u", scene->opened++);
    return memory_eventlog_consumer_open(scene->log, call, text_of(group), FOLLOW_SCENE_TOPIC,
                                         positions, ret_consumer);
}

static enum status read_partitions(void *source, struct call *call,
                                   struct eventlog_partition_state *states, size_t max,
                                   size_t *ret_count)
{
    struct follow_scene *scene = source;
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    if (scene->looks_refused > 0) {
        scene->looks_refused--;
        return call_fail(call, STATUS_UNAVAILABLE, "planted");
    }
    assert_int_equal(memory_eventlog_admin_open(scene->log, call, &admin), STATUS_OK);
    assert_int_equal(admin.ops->list_topics(admin.state, call, &topics), STATUS_OK);
    admin.ops->close(admin.state);
    if (topics.count == 0) {
        return STATUS_NOT_FOUND;
    }
    assert_true(max >= FOLLOW_SCENE_PARTITIONS);
    memcpy(states, topics.rows[0].partitions, FOLLOW_SCENE_PARTITIONS * sizeof(*states));
    *ret_count = FOLLOW_SCENE_PARTITIONS;
    return STATUS_OK;
}

static enum status ask_service(void *state, struct call *call, struct record_key record,
                               struct rating_view *ret_view)
{
    struct follow_scene *scene = state;
    (void)record;
    scene->asked++;
    uint32_t count = scene->answer_count;
    if (scene->holds_answers) {
        assert_int_equal(fiber_wait(call, &scene->answer_now), STATUS_OK);
    }
    if (scene->answer != STATUS_OK) {
        return call_fail(call, scene->answer, "planted");
    }
    *ret_view = (struct rating_view){.mean = 5, .count = count};
    return STATUS_OK;
}

static const struct rating_gateway_ops service_ops = {.get_aggregate = ask_service};

static void restart_local(void *receiver)
{
    struct follow_scene *scene =
        CONTAINER_OF((struct local_rating_gateway *)receiver, struct follow_scene, local);
    scene->restarts++;
    local_rating_gateway_restart(receiver);
}

/* Nothing is answered before all of it is there. */
static void look_local(void *receiver, const struct eventlog_lag *lags, size_t count)
{
    struct follow_scene *scene =
        CONTAINER_OF((struct local_rating_gateway *)receiver, struct follow_scene, local);
    local_rating_gateway_look(receiver, lags, count);
    assert_true(local_rating_gateway_as_of_ms(&scene->local) == 0 ||
                rating_copy_count(scene->copy) >= scene->records_before_answers);
}

void follow_scene_local(struct follow_scene *scene)
{
    const struct topic_follower_options options = {.open = open_consumer,
                                                   .partitions = read_partitions,
                                                   .source = scene,
                                                   .take = local_rating_gateway_take,
                                                   .look = look_local,
                                                   .restart = restart_local,
                                                   .receiver = &scene->local};
    scene->gateway = local_rating_gateway(&scene->local, scene->copy);
    assert_int_equal(topic_follower_start(&options, &scene->follower), STATUS_OK);
}

void follow_scene_start_cached(struct follow_scene *scene)
{
    const struct topic_follower_options options = {.open = open_consumer,
                                                   .partitions = read_partitions,
                                                   .source = scene,
                                                   .take = cached_rating_gateway_take,
                                                   .look = cached_rating_gateway_look,
                                                   .restart = cached_rating_gateway_restart,
                                                   .receiver = &scene->cached,
                                                   .from_end = true};
    scene->cached.inner = (struct rating_gateway){&service_ops, scene};
    scene->cached.cache = scene->cache;
    scene->gateway = cached_rating_gateway(&scene->cached);
    assert_int_equal(topic_follower_start(&options, &scene->follower), STATUS_OK);
}

/* And it has begun, with an empty cache. */
void follow_scene_cached(struct follow_scene *scene)
{
    follow_scene_start_cached(scene);
    while (scene->opened == 0) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

void follow_scene_run(void *argument)
{
    struct follow_scene *scene = argument;
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    buffer_init(&scene->buffer, 4096);
    fiber_wait_init(&scene->answer_now);
    scene->log = memory_eventlog_create(FOLLOW_SCENE_PARTITIONS);
    assert_non_null(scene->log);
    assert_int_equal(memory_eventlog_producer_open(scene->log, &scene->call, &scene->producer),
                     STATUS_OK);
    assert_int_equal(rating_copy_create(100000, &scene->copy), STATUS_OK);
    assert_int_equal(rating_cache_create(1000, TIMEOUT_MS, &scene->cache), STATUS_OK);
    scene->body(scene);
    topic_follower_stop(scene->follower);
    scene->producer.ops->close(scene->producer.state);
    memory_eventlog_destroy(scene->log);
    rating_copy_destroy(scene->copy);
    rating_cache_destroy(scene->cache);
    buffer_deinit(&scene->buffer);
    arena_deinit(&scene->arena);
}

void follow_scene_produce(struct follow_scene *scene, struct text key, struct text value)
{
    const struct eventlog_message message = {.key = key, .value = value};
    size_t delivered;
    assert_int_equal(scene->producer.ops->produce(scene->producer.state, &scene->call,
                                                  FOLLOW_SCENE_TOPIC, &message, 1, &delivered),
                     STATUS_OK);
}

static void send_event(struct follow_scene *scene, const struct rating_aggregate_event *event)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&scene->buffer);
    assert_true(rating_aggregate_event_encode(event, &scene->buffer));
    follow_scene_produce(scene, rating_aggregate_event_key(event, key),
                         buffer_text(&scene->buffer));
}

void follow_scene_send_aggregate(struct follow_scene *scene, const char *id, int64_t sequence,
                                 uint64_t count)
{
    const struct rating_aggregate_event event = {
        .record = {RECORD_TYPE_MOVIE, text_of(id)},
        .aggregate = {.count = count, .sum_hundredths = count * 700},
        .sequence = sequence};
    send_event(scene, &event);
}

void follow_scene_send_mark(struct follow_scene *scene, enum rating_aggregate_event_kind kind,
                            int64_t sequence, int64_t time_ms)
{
    const struct rating_aggregate_event event = {
        .kind = kind, .sequence = sequence, .time_ms = time_ms};
    send_event(scene, &event);
}

void follow_scene_send_change(struct follow_scene *scene, const struct rating_change_event *event)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&scene->buffer);
    assert_true(rating_change_event_encode(event, &scene->buffer));
    follow_scene_produce(scene, rating_change_event_key(event, key), buffer_text(&scene->buffer));
}

enum status follow_scene_ask(struct follow_scene *scene, const char *id,
                             struct rating_view *ret_view)
{
    call_clear_error(&scene->call);
    return scene->gateway.ops->get_aggregate(scene->gateway.state, &scene->call,
                                             (struct record_key){RECORD_TYPE_MOVIE, text_of(id)},
                                             ret_view);
}

int follow_scene_count(struct follow_scene *scene, const char *id)
{
    struct rating_view view;
    enum status status = follow_scene_ask(scene, id, &view);
    assert_true(status == STATUS_OK || status == STATUS_UNAVAILABLE);
    assert_true(status != STATUS_OK || !view.no_votes || view.count == 0);
    return status == STATUS_OK ? (int)view.count : -1;
}

void follow_scene_await_count(struct follow_scene *scene, const char *id, int want)
{
    while (follow_scene_count(scene, id) != want) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}
