#include "marquee/stream_window.h"

#include <stdlib.h>

#include "store/ordered_map.h"

enum {
    START_BYTES = 8, /* of a key: the window's start, so that keys are in the order of closing */
    KEY_BYTES_MAX = START_BYTES + 2 + RATING_PROVIDER_BYTES_MAX + RATING_EVENT_ID_BYTES_MAX,
};

struct count {
    int64_t first_offset;
    uint64_t count;
    uint64_t sum_hundredths;
};

struct stream_windows {
    int64_t size_ms;
    int64_t lateness_ms;
    int64_t watermark_ms;
    struct ordered_map *counts; /* by start, record type, record id */
    struct ordered_map *ids;    /* by start, provider, event id: counted already */
    size_t count_count;
    size_t id_count;
    char closed_id[RATING_RECORD_BYTES_MAX]; /* of the last result */
};

struct key {
    char bytes[KEY_BYTES_MAX];
    size_t length;
};

struct stream_windows *stream_windows_create(int64_t size_ms, int64_t lateness_ms,
                                             int64_t watermark_ms)
{
    struct stream_windows *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    CHECK(size_ms > 0 && lateness_ms >= 0);
    self->size_ms = size_ms;
    self->lateness_ms = lateness_ms;
    self->watermark_ms = watermark_ms;
    self->counts = ordered_map_create();
    self->ids = ordered_map_create();
    return self;
}

void stream_windows_destroy(struct stream_windows *windows)
{
    if (windows == NULL) {
        return;
    }
    ordered_map_destroy(windows->counts);
    ordered_map_destroy(windows->ids);
    free(windows);
}

/* Big-endian, and the sign turned, so that byte order is the order of numbers. */
static void append_start(struct key *key, int64_t start_ms)
{
    uint64_t number = (uint64_t)start_ms ^ (UINT64_C(1) << 63);
    for (int shift = 56; shift >= 0; shift -= 8) {
        key->bytes[key->length++] = (char)(number >> shift);
    }
}

static int64_t read_start(struct text key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < START_BYTES; i++) {
        number = number << 8 | (unsigned char)key.data[i];
    }
    return (int64_t)(number ^ (UINT64_C(1) << 63));
}

static void append_text(struct key *key, struct text text)
{
    CHECK(text.length <= sizeof(key->bytes) - key->length);
    if (text.length > 0) {
        memcpy(key->bytes + key->length, text.data, text.length);
        key->length += text.length;
    }
}

static struct text key_text(const struct key *key)
{
    return text_of_bytes(key->bytes, key->length);
}

static int64_t window_start(const struct stream_windows *self, int64_t time_ms)
{
    int64_t rest = time_ms % self->size_ms;
    return time_ms - (rest < 0 ? rest + self->size_ms : rest);
}

/* Whether the window that begins there is over. Its sums do not overflow: times are of the years 0
 * to 9999. */
static bool is_over(const struct stream_windows *self, int64_t start_ms)
{
    return self->watermark_ms != INT64_MIN &&
           start_ms + self->size_ms + self->lateness_ms <= self->watermark_ms;
}

/* false: the id has been counted in this window. */
static bool note_id(struct stream_windows *self, int64_t start_ms, const struct stream_vote *vote)
{
    struct key key = {.length = 0};
    if (vote->event_id.length == 0) {
        return true;
    }
    append_start(&key, start_ms);
    append_text(&key, vote->provider);
    append_text(&key, (struct text){"", 1}); /* a NUL, which no text holds */
    append_text(&key, vote->event_id);
    if (ordered_map_find(self->ids, key_text(&key)) != NULL) {
        return false;
    }
    ordered_map_put(self->ids, key_text(&key), NULL, 0);
    self->id_count++;
    return true;
}

static void count_vote(struct stream_windows *self, int64_t start_ms,
                       const struct stream_vote *vote)
{
    struct key key = {.length = 0};
    const char type = (char)vote->record.type;
    struct count count = {.first_offset = vote->offset};
    append_start(&key, start_ms);
    append_text(&key, (struct text){&type, 1});
    append_text(&key, vote->record.id);
    const struct ordered_map_entry *entry = ordered_map_find(self->counts, key_text(&key));
    if (entry != NULL) {
        memcpy(&count, entry->value, sizeof(count));
    } else {
        self->count_count++;
    }
    count.count++;
    count.sum_hundredths += (uint64_t)vote->hundredths;
    ordered_map_put(self->counts, key_text(&key), &count, sizeof(count));
}

enum status stream_windows_add(struct stream_windows *windows, struct call *call,
                               const struct stream_vote *vote,
                               enum stream_window_outcome *ret_outcome)
{
    int64_t seen_ms = vote->time_ms < vote->appended_ms ? vote->time_ms : vote->appended_ms;
    int64_t start_ms = window_start(windows, vote->time_ms);
    if (seen_ms > windows->watermark_ms) {
        windows->watermark_ms = seen_ms;
    }
    if (is_over(windows, start_ms)) {
        *ret_outcome = STREAM_LATE;
        return STATUS_OK;
    }
    if (windows->count_count == STREAM_WINDOWS_OPEN_MAX ||
        windows->id_count == STREAM_WINDOWS_OPEN_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "more than %d counts are open: use shorter windows or less lateness",
                         STREAM_WINDOWS_OPEN_MAX);
    }
    bool is_new = note_id(windows, start_ms, vote);
    if (is_new) {
        count_vote(windows, start_ms, vote);
    }
    *ret_outcome = is_new ? STREAM_COUNTED : STREAM_COUNTED_BEFORE;
    return STATUS_OK;
}

/* The ids of windows that are over. */
static void forget_ids(struct stream_windows *self)
{
    const struct ordered_map_entry *entry = ordered_map_seek(self->ids, TEXT(""));
    while (entry != NULL && is_over(self, read_start(entry->key))) {
        ordered_map_remove(self->ids, entry->key);
        self->id_count--;
        entry = ordered_map_seek(self->ids, TEXT(""));
    }
}

bool stream_windows_close(struct stream_windows *windows, struct stream_window_result *ret_result)
{
    const struct ordered_map_entry *entry = ordered_map_seek(windows->counts, TEXT(""));
    struct count count;
    if (entry == NULL || !is_over(windows, read_start(entry->key))) {
        forget_ids(windows);
        return false;
    }
    int64_t start_ms = read_start(entry->key);
    struct text id = text_slice(entry->key, START_BYTES + 1, entry->key.length);
    memcpy(&count, entry->value, sizeof(count));
    memcpy(windows->closed_id, id.data, id.length);
    *ret_result = (struct stream_window_result){
        .record = {(enum record_type)entry->key.data[START_BYTES],
                   text_of_bytes(windows->closed_id, id.length)},
        .start_ms = start_ms,
        .end_ms = start_ms + windows->size_ms,
        .count = count.count,
        .sum_hundredths = count.sum_hundredths,
    };
    ordered_map_remove(windows->counts, entry->key);
    windows->count_count--;
    return true;
}

int64_t stream_windows_first_offset(const struct stream_windows *windows, int64_t otherwise)
{
    int64_t first = otherwise;
    for (const struct ordered_map_entry *entry = ordered_map_seek(windows->counts, TEXT(""));
         entry != NULL; entry = ordered_map_next(entry)) {
        struct count count;
        memcpy(&count, entry->value, sizeof(count));
        first = count.first_offset < first ? count.first_offset : first;
    }
    return first;
}

int64_t stream_windows_watermark_ms(const struct stream_windows *windows)
{
    return windows->watermark_ms;
}

size_t stream_windows_open(const struct stream_windows *windows)
{
    return windows->count_count;
}
