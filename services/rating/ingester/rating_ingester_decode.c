/* From records of the log to changes and dead letters. */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"
#include "rating/model/rating_burst.h"
#include "rating/model/rating_event.h"
#include "rating/model/rating_held.h"

/* What one event may take while it is being read. */
enum { EVENT_ARENA_BYTES_MAX = 4 * EVENTLOG_VALUE_BYTES_MAX };

struct decoder {
    struct call *call; /* its arena keeps the batch */
    struct call event; /* its arena is emptied after each event */
    size_t count_max;
    struct rating_change *changes;
    size_t change_count;
    struct rating_dead_letter *letters;
    size_t letter_count;
    struct rating_burst *burst; /* NULL: no vote is held */
    struct text held_topic;     /* made when the first one is */
};

static struct text move_text(char **room, struct text text)
{
    char *at = *room;
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    *room += text.length;
    return text_of_bytes(at, text.length);
}

/* All texts of a change in one piece; but for the provider's, which is mostly that of the change
 * before. */
static bool keep_change(struct decoder *decoder, const struct rating_change *change, int64_t offset)
{
    struct rating_change *kept = &decoder->changes[decoder->change_count];
    const struct text *before =
        decoder->change_count > 0 ? &kept[-1].key.provider : &(struct text){NULL, 0};
    bool same_provider = text_equal(*before, change->key.provider);
    size_t bytes = change->key.user.length + change->key.record.id.length +
                   change->event_id.length + (same_provider ? 0 : change->key.provider.length);
    char *room = arena_alloc(decoder->call->arena, bytes);
    if (room == NULL) {
        return false;
    }
    *kept = *change;
    kept->offset = offset;
    kept->key.user = move_text(&room, change->key.user);
    kept->key.record.id = move_text(&room, change->key.record.id);
    kept->event_id = move_text(&room, change->event_id);
    kept->key.provider = same_provider ? *before : move_text(&room, change->key.provider);
    decoder->change_count++;
    return true;
}

static bool keep_text(struct decoder *decoder, struct text *text)
{
    *text = arena_copy(decoder->call->arena, *text);
    return text->data != NULL;
}

/* Dead letters are rare: their list is made when the first one comes. */
static bool keep_letter(struct decoder *decoder, const struct rating_source *source,
                        struct text topic, struct text reason, const struct eventlog_record *record)
{
    if (decoder->letters == NULL) {
        decoder->letters =
            arena_alloc(decoder->call->arena, decoder->count_max * sizeof(*decoder->letters));
        if (decoder->letters == NULL) {
            return false;
        }
    }
    struct rating_dead_letter *letter = &decoder->letters[decoder->letter_count];
    *letter = (struct rating_dead_letter){
        .topic = topic,
        .partition = source->partition,
        .offset = record->offset,
        .reason = reason,
        .payload = record->value,
        .time_ms = clock_wall_ms(),
    };
    bool kept = keep_text(decoder, &letter->reason) && keep_text(decoder, &letter->payload);
    decoder->letter_count += kept ? 1 : 0;
    return kept;
}

/* *ret_held: it is in a burst, and kept as a held vote. false: no room. */
static bool hold_in_burst(struct decoder *decoder, const struct rating_source *source,
                          const struct rating_change *change, const struct eventlog_record *record,
                          bool *ret_held)
{
    char reason[RATING_BURST_REASON_BYTES_MAX];
    int64_t time_ms = change->has_time ? change->time_ms : record->time_ms;
    *ret_held = decoder->burst != NULL && change->kind == RATING_PUT &&
                rating_burst_take(decoder->burst, change->key.record, time_ms, reason);
    if (!*ret_held) {
        return true;
    }
    if (decoder->held_topic.data == NULL) {
        decoder->held_topic = rating_held_topic(decoder->call->arena, source->topic);
    }
    return decoder->held_topic.data != NULL &&
           keep_letter(decoder, source, decoder->held_topic, text_of(reason), record);
}

static bool decode_record(struct decoder *decoder, const struct rating_source *source,
                          const struct eventlog_record *record)
{
    struct rating_change change;
    enum status status = rating_event_decode(&decoder->event, record->value, &change);
    if (status == STATUS_OK) {
        bool is_held;
        bool has_room = hold_in_burst(decoder, source, &change, record, &is_held);
        return has_room && (is_held || keep_change(decoder, &change, record->offset));
    }
    bool kept = keep_letter(decoder, source, source->topic, decoder->event.error.message, record);
    call_clear_error(&decoder->event);
    arena_reset(decoder->event.arena);
    return kept;
}

static void finish(struct ingest_batch *batch, const struct decoder *decoder,
                   const struct eventlog_batch *events, size_t end)
{
    const struct eventlog_record *last = &events->records[end - 1];
    bool is_all = end == events->count;
    batch->last_time_ms = last->time_ms;
    batch->changes.changes = decoder->changes;
    batch->changes.change_count = decoder->change_count;
    batch->changes.dead_letters = decoder->letters;
    batch->changes.dead_letter_count = decoder->letter_count;
    batch->events.count = decoder->change_count + decoder->letter_count;
    batch->events.next_offset = is_all ? events->next_offset : last->offset + 1;
    batch->position.next_offset = batch->events.next_offset;
}

enum status rating_ingester_decode(struct ingest_batch *batch, const struct eventlog_batch *events,
                                   size_t *at)
{
    struct call *call = &batch->call;
    struct arena event_arena;
    size_t first = *at;
    size_t left = events->count - first;
    struct decoder decoder = {
        .call = call, .event = *call, .burst = batch->ingester->options.burst};
    decoder.count_max =
        left < RATING_REPOSITORY_BATCH_MAX ? left : (size_t)RATING_REPOSITORY_BATCH_MAX;
    decoder.changes = arena_alloc(call->arena, decoder.count_max * sizeof(*decoder.changes));
    batch->changes.outcomes =
        arena_alloc(call->arena, decoder.count_max * sizeof(*batch->changes.outcomes));
    bool fits = decoder.changes != NULL && batch->changes.outcomes != NULL;
    arena_init(&event_arena, EVENT_ARENA_BYTES_MAX);
    decoder.event.arena = &event_arena;
    size_t end = first;
    while (fits && end - first < decoder.count_max &&
           arena_used_bytes(call->arena) < RATING_INGESTER_BATCH_BYTES_MAX) {
        fits = decode_record(&decoder, &batch->source, &events->records[end]);
        end += fits ? 1 : 0;
    }
    arena_deinit(&event_arena);
    if (end == first) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "partition %d: there is no memory for the record at offset %lld",
                         events->partition, (long long)events->records[first].offset);
    }
    finish(batch, &decoder, events, end);
    *at = end;
    return STATUS_OK;
}
