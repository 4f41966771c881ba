#include "http2/http2_history.h"

#include <string.h>

enum { WORD_BITS = 64, SPAN = 2 * HTTP2_HISTORY_STREAMS };

static unsigned place_of(uint32_t stream_id)
{
    return (stream_id >> 1) % HTTP2_HISTORY_STREAMS;
}

static bool has(const uint64_t *words, uint32_t stream_id)
{
    unsigned place = place_of(stream_id);
    return (words[place / WORD_BITS] >> place % WORD_BITS & 1) != 0;
}

static void set(uint64_t *words, uint32_t stream_id, bool value)
{
    unsigned place = place_of(stream_id);
    uint64_t bit = UINT64_C(1) << place % WORD_BITS;
    if (value) {
        words[place / WORD_BITS] |= bit;
    } else {
        words[place / WORD_BITS] &= ~bit;
    }
}

static bool is_forgotten(const struct http2_history *history, uint32_t stream_id)
{
    return history->highest - stream_id >= SPAN;
}

enum http2_past http2_history_of(const struct http2_history *history, uint32_t stream_id)
{
    if (stream_id % 2 == 0 || stream_id > history->highest) {
        return HTTP2_PAST_NONE;
    }
    if (is_forgotten(history, stream_id)) {
        return HTTP2_PAST_FORGOTTEN;
    }
    if (!has(history->opened, stream_id)) {
        return HTTP2_PAST_PASSED_OVER;
    }
    return has(history->finished, stream_id) ? HTTP2_PAST_FINISHED : HTTP2_PAST_OPENED;
}

void http2_history_open(struct http2_history *history, uint32_t stream_id)
{
    uint32_t next = history->highest == 0 ? 1 : history->highest + 2;
    if (stream_id - next >= SPAN) {
        memset(history->opened, 0, sizeof(history->opened));
        next = stream_id;
    }
    for (; next < stream_id; next += 2) {
        set(history->opened, next, false);
    }
    set(history->opened, stream_id, true);
    set(history->finished, stream_id, false);
    history->highest = stream_id;
}

void http2_history_finish(struct http2_history *history, uint32_t stream_id)
{
    if (!is_forgotten(history, stream_id)) {
        set(history->finished, stream_id, true);
    }
}
