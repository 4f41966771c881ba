/* From records of the log to changes and dead letters. */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"
#include "rating/model/rating_event.h"

/* What one event may take while it is being read. */
enum { EVENT_ARENA_BYTES_MAX = 4 * EVENTLOG_VALUE_BYTES_MAX };

struct decoder {
    struct call *call; /* its arena keeps the batch */
    struct call event; /* its arena is emptied after each event */
    struct rating_change *changes;
    size_t change_count;
    struct rating_dead_letter *letters;
    size_t letter_count;
};

static bool keep_text(struct decoder *decoder, struct text *text)
{
    *text = arena_copy(decoder->call->arena, *text);
    return text->data != NULL;
}

static bool keep_change(struct decoder *decoder, const struct rating_change *change)
{
    struct rating_change *kept = &decoder->changes[decoder->change_count];
    *kept = *change;
    decoder->change_count++;
    return keep_text(decoder, &kept->key.user) && keep_text(decoder, &kept->key.record.id) &&
           keep_text(decoder, &kept->key.provider);
}

/* Dead letters are rare: their list is made when the first one comes. */
static bool keep_letter(struct decoder *decoder, const struct eventlog_batch *events,
                        const struct eventlog_record *record)
{
    if (decoder->letters == NULL) {
        decoder->letters =
            arena_calloc(decoder->call->arena, events->count, sizeof(*decoder->letters));
        if (decoder->letters == NULL) {
            return false;
        }
    }
    struct rating_dead_letter *letter = &decoder->letters[decoder->letter_count++];
    *letter = (struct rating_dead_letter){
        .topic = events->topic,
        .partition = events->partition,
        .offset = record->offset,
        .reason = decoder->event.error.message,
        .payload = record->value,
        .time_ms = clock_wall_ms(),
    };
    return keep_text(decoder, &letter->reason) && keep_text(decoder, &letter->topic) &&
           keep_text(decoder, &letter->payload);
}

static bool decode_record(struct decoder *decoder, const struct eventlog_batch *events,
                          const struct eventlog_record *record)
{
    struct rating_change change;
    call_clear_error(&decoder->event);
    enum status status = rating_event_decode(&decoder->event, record->value, &change);
    bool kept =
        status == STATUS_OK ? keep_change(decoder, &change) : keep_letter(decoder, events, record);
    arena_reset(decoder->event.arena);
    return kept;
}

enum status rating_ingester_decode(struct call *call, const struct eventlog_batch *events,
                                   struct rating_batch *batch)
{
    struct arena event_arena;
    struct decoder decoder = {
        .call = call,
        .event = *call,
        .changes = arena_calloc(call->arena, events->count, sizeof(*decoder.changes)),
    };
    bool fits = decoder.changes != NULL;
    arena_init(&event_arena, EVENT_ARENA_BYTES_MAX);
    decoder.event.arena = &event_arena;
    for (size_t i = 0; i < events->count && fits; i++) {
        fits = decode_record(&decoder, events, &events->records[i]);
    }
    arena_deinit(&event_arena);
    if (!fits) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "a batch of %zu events is too large",
                         events->count);
    }
    batch->changes = decoder.changes;
    batch->change_count = decoder.change_count;
    batch->dead_letters = decoder.letters;
    batch->dead_letter_count = decoder.letter_count;
    return STATUS_OK;
}
