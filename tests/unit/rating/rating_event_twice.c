#include "unit/rating/rating_event_twice.h"

#include "base/arena.h"
#include "rating/model/rating_event_private.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static void check_value(const struct rating_event_value *value, const struct json *want)
{
    CHECK(value->kind == json_kind(want));
    if (value->kind == JSON_STRING) {
        CHECK(text_equal(value->text, json_string(want)));
    } else if (value->kind == JSON_INTEGER || value->kind == JSON_REAL) {
        double number = json_number(want);
        CHECK(memcmp(&value->number, &number, sizeof(number)) == 0);
    } else {
        CHECK(value->kind == JSON_ABSENT);
    }
}

bool rating_event_read_twice(struct text json)
{
    struct rating_event_fields fields;
    struct arena arena;
    struct call call;
    const struct json *event;
    if (!rating_event_read_plain(json, &fields)) {
        return false;
    }
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    CHECK(json_parse(&call, json, &event) == STATUS_OK && json_kind(event) == JSON_OBJECT);
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        check_value(&fields.values[i], json_member(event, rating_event_field_names[i].data));
    }
    arena_deinit(&arena);
    return true;
}
