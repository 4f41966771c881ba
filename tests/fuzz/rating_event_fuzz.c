/* Any bytes as a file of rating events: what is found must not depend on where the chunks end, an
 * event that is accepted is within every limit, and both ways of reading one find the same. */
#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/event_reader.h"
#include "rating/model/rating_event.h"
#include "unit/marquee/chunked_source.h"
#include "unit/rating/rating_event_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024, TEXT_BYTES = 16 * 1024 * 1024 };

static void decode(struct text json)
{
    struct arena arena;
    struct call call;
    struct rating_change change;
    (void)rating_event_read_twice(json);
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    enum status status = rating_event_decode(&call, json, &change);
    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT ||
          status == STATUS_RESOURCE_EXHAUSTED);
    if (status == STATUS_OK) {
        CHECK(rating_change_validate(&call, &change) == STATUS_OK);
        CHECK(text_is_clean(change.key.user) && text_is_clean(change.key.record.id));
    } else {
        CHECK(call.error.message.length > 0);
    }
    arena_deinit(&arena);
}

/* Every event with its line, and the status at the end. */
static enum status read_all(struct text file, size_t chunk_bytes, struct buffer *buffer)
{
    struct chunked_source source = {file, chunk_bytes, false};
    struct event_reader reader;
    struct event_text event;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    CHECK(event_reader_init(&reader, chunked_source_bytes(&source)) == STATUS_OK);
    enum status status = event_reader_next(&reader, &call, &event);
    for (; status == STATUS_OK; status = event_reader_next(&reader, &call, &event)) {
        CHECK(
            buffer_format(buffer, "%llu %zu ", (unsigned long long)event.line, event.json.length));
        CHECK(buffer_append(buffer, event.json));
        if (chunk_bytes == EVENT_READER_CHUNK_BYTES) {
            decode(event.json);
        }
    }
    CHECK(status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT);
    event_reader_deinit(&reader);
    arena_deinit(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first;
    struct buffer second;
    struct text file = text_of_bytes(data, size);
    buffer_init(&first, TEXT_BYTES);
    buffer_init(&second, TEXT_BYTES);
    enum status status = read_all(file, EVENT_READER_CHUNK_BYTES, &first);
    CHECK(read_all(file, 1, &second) == status);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_deinit(&first);
    buffer_deinit(&second);
    return 0;
}
