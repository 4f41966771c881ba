/* Any bytes as a record of the topics that the rating service's relay writes: what is accepted is
 * within every limit, and is the same when it has been written and read again. */
#include "base/arena.h"
#include "base/buffer.h"
#include "rating/model/rating_outbox_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024, TEXT_BYTES = 4096 };

struct scene {
    struct arena arena;
    struct call call;
    struct buffer first;
    struct buffer second;
};

static bool is_read(struct scene *scene, enum status status)
{
    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT ||
          status == STATUS_RESOURCE_EXHAUSTED);
    CHECK(status == STATUS_OK || scene->call.error.message.length > 0);
    return status == STATUS_OK;
}

static void try_change(struct scene *scene, struct text json)
{
    struct rating_change_event event;
    struct rating_change_event again;
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    if (!is_read(scene, rating_change_event_decode(&scene->call, json, &event))) {
        return;
    }
    CHECK(event.all || record_key_validate(&scene->call, event.record) == STATUS_OK);
    CHECK(rating_change_event_key(&event, key).length > 0);
    CHECK(rating_change_event_encode(&event, &scene->first));
    CHECK(rating_change_event_decode(&scene->call, buffer_text(&scene->first), &again) ==
          STATUS_OK);
    CHECK(rating_change_event_encode(&again, &scene->second));
    CHECK(text_equal(buffer_text(&scene->first), buffer_text(&scene->second)));
}

static void try_aggregate(struct scene *scene, struct text json)
{
    struct rating_aggregate_event event;
    struct rating_aggregate_event again;
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    if (!is_read(scene, rating_aggregate_event_decode(&scene->call, json, &event))) {
        return;
    }
    CHECK(event.kind != RATING_EVENT_AGGREGATE ||
          record_key_validate(&scene->call, event.record) == STATUS_OK);
    CHECK(rating_aggregate_event_key(&event, key).length > 0);
    CHECK(rating_aggregate_event_encode(&event, &scene->first));
    CHECK(rating_aggregate_event_decode(&scene->call, buffer_text(&scene->first), &again) ==
          STATUS_OK);
    CHECK(rating_aggregate_event_encode(&again, &scene->second));
    CHECK(text_equal(buffer_text(&scene->first), buffer_text(&scene->second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct scene * scene, struct text json) = {try_change,
                                                                            try_aggregate};
    for (size_t i = 0; i < ARRAY_LENGTH(tries); i++) {
        struct scene scene;
        arena_init(&scene.arena, ARENA_BYTES);
        call_init(&scene.call, &scene.arena, 0);
        buffer_init(&scene.first, TEXT_BYTES);
        buffer_init(&scene.second, TEXT_BYTES);
        tries[i](&scene, text_of_bytes(data, size));
        buffer_deinit(&scene.first);
        buffer_deinit(&scene.second);
        arena_deinit(&scene.arena);
    }
    return 0;
}
