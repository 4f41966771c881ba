#include "rating/model/rating_held.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "json/json.h"

/* Names of six bytes a character at worst, and the rest. */
enum { EVENT_BYTES_MAX = 4096 };

bool rating_held_is_topic(struct text topic)
{
    return text_starts_with(topic, TEXT(RATING_HELD_TOPIC));
}

struct text rating_held_topic(struct arena *arena, struct text topic)
{
    size_t room = RATING_HELD_TOPIC_BYTES_MAX - strlen(RATING_HELD_TOPIC "/");
    size_t from = topic.length > room ? topic.length - room : 0;
    return arena_format(arena, RATING_HELD_TOPIC "/%.*s",
                        TEXT_ARGUMENTS(text_slice(topic, from, topic.length)));
}

/* By SipHash: the places are kept, so that it cannot be under a secret of the process, and under
 * text_hash() anybody finds users whose votes take all the places of somebody else's. */
static uint64_t add(uint64_t hash, struct text text)
{
    return (hash ^ digest_of(text).high) * UINT64_C(0x9e3779b97f4a7c15) + text.length;
}

int64_t rating_held_offset(const struct vote_key *key)
{
    uint64_t hash = add((uint64_t)key->record.type, key->record.id);
    hash = add(add(hash, key->provider), key->user);
    return (int64_t)(hash >> 2); /* room for those that stand behind it */
}

struct text rating_held_event(struct arena *arena, const struct rating_change *change,
                              int64_t time_ms)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct buffer buffer;
    struct json_writer writer;
    struct text event = {NULL, 0};
    buffer_init(&buffer, EVENT_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "userId", change->key.user);
    json_member_string(&writer, "recordId", change->key.record.id);
    json_member_string(&writer, "recordType", text_of(record_type_name(change->key.record.type)));
    json_member_number(&writer, "value", (double)change->hundredths / RATING_HUNDREDTHS_PER_POINT);
    json_member_string(&writer, "providerId", change->key.provider);
    json_member_string(&writer, "eventType", TEXT("put"));
    json_member_string(&writer, "eventTime", clock_format(time_ms, time));
    json_close_object(&writer);
    if (json_writer_end(&writer)) {
        event = arena_copy(arena, buffer_text(&buffer));
    }
    buffer_deinit(&buffer);
    return event;
}
