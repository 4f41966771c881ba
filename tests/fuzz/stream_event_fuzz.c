/* Any bytes as a record of a topic that others write: an event that is accepted is written so that
 * it reads back the same, and is then written the same again; a job as well; values are on their
 * scale or refused. */
#include "base/arena.h"
#include "marquee/import_job.h"
#include "marquee/stream_event.h"
#include "marquee/stream_scale.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 32 * 1024 * 1024 };

static struct text number_of(const struct stream_event *event)
{
    enum json_kind kind = json_kind(event->value);
    return kind == JSON_INTEGER || kind == JSON_REAL ? json_number_text(event->value) : TEXT("0");
}

static void check_event(struct call *call, struct text value)
{
    struct eventlog_record record = {.offset = 7, .time_ms = 1000, .value = value};
    const struct stream_source source = {TEXT("t"), 3, &record};
    struct stream_event event;
    struct stream_event again;
    struct text first;
    struct text second;
    enum status status = stream_event_read(call, &source, &event);
    if (status != STATUS_OK) {
        CHECK(status == STATUS_INVALID_ARGUMENT || status == STATUS_RESOURCE_EXHAUSTED);
        CHECK(call->error.message.length > 0);
        return;
    }
    CHECK(stream_event_write(call, &source, &event, number_of(&event), &first) == STATUS_OK);
    record.value = first;
    CHECK(stream_event_read(call, &source, &again) == STATUS_OK);
    CHECK(text_equal(event.user, again.user) && text_equal(event.record, again.record));
    CHECK(text_equal(event.provider, again.provider) && event.is_put == again.is_put);
    CHECK(event.record_type == again.record_type && again.event_id.length > 0);
    CHECK(stream_event_write(call, &source, &again, number_of(&again), &second) == STATUS_OK);
    CHECK(text_equal(first, second));
}

static void check_scales(struct call *call, struct text value)
{
    struct stream_scales scales;
    const struct json *json;
    CHECK(stream_scales_parse(call, TEXT("a=stars;b=percent;c=thumbs;d=-3..0.5;*=points"),
                              &scales) == STATUS_OK);
    bool is_json = json_parse(call, value, &json) == STATUS_OK;
    for (size_t i = 0; is_json && i < scales.count; i++) {
        int32_t hundredths = -1;
        enum status status =
            stream_scale_apply(&scales.rows[i], call, json_member(json, "value"), &hundredths);
        CHECK(status == STATUS_OK ? hundredths >= 0 && hundredths <= RATING_HUNDREDTHS_MAX
                                  : status == STATUS_INVALID_ARGUMENT);
    }
    status_ignore(stream_scales_parse(call, value, &scales)); /* it says what it likes */
}

static void check_job(struct call *call, struct text value)
{
    struct import_job job;
    struct import_job again;
    struct text first;
    struct text second;
    if (import_job_decode(call, value, &job) == STATUS_OK &&
        import_job_encode(call, &job, &first) == STATUS_OK) {
        CHECK(import_job_decode(call, first, &again) == STATUS_OK);
        CHECK(import_job_encode(call, &again, &second) == STATUS_OK);
        CHECK(text_equal(first, second));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void (*const checks[])(struct call * call, struct text value) = {check_event, check_scales,
                                                                     check_job};
    for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
        struct arena arena;
        struct call call;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        checks[i](&call, text_of_bytes(data, size));
        arena_deinit(&arena);
    }
    return 0;
}
