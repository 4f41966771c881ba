#include "http/http2_watch.h"

#include <nghttp2/nghttp2.h>

enum { FRAME_HEAD_BYTES = 9, WORD_BITS = 64 };

struct frame {
    uint32_t length;
    unsigned type;
    unsigned flags;
    int32_t stream_id;
    int32_t number; /* the first of the payload of PRIORITY and WINDOW_UPDATE; -1: there is none */
};

static uint32_t number_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static unsigned place_of(int32_t stream_id)
{
    return ((unsigned)stream_id >> 1) % HTTP2_WATCH_STREAMS;
}

static bool has(const uint64_t *words, int32_t stream_id)
{
    unsigned place = place_of(stream_id);
    return (words[place / WORD_BITS] >> place % WORD_BITS & 1) != 0;
}

static void set(uint64_t *words, int32_t stream_id, bool value)
{
    unsigned place = place_of(stream_id);
    uint64_t bit = UINT64_C(1) << place % WORD_BITS;
    if (value) {
        words[place / WORD_BITS] |= bit;
    } else {
        words[place / WORD_BITS] &= ~bit;
    }
}

static void open_stream(struct http2_watch *watch, int32_t stream_id)
{
    int32_t next = watch->highest == 0 ? 1 : watch->highest + 2;
    if (stream_id - next >= 2 * HTTP2_WATCH_STREAMS) {
        memset(watch->opened, 0, sizeof(watch->opened));
        next = stream_id;
    }
    for (; next < stream_id; next += 2) {
        set(watch->opened, next, false);
    }
    set(watch->opened, stream_id, true);
    set(watch->finished, stream_id, false);
    watch->highest = stream_id;
    http2_budget_give(watch->budget, HTTP2_COST_CONTROL, HTTP2_CONTROLS_A_REQUEST);
}

/* HEADERS, DATA and RST_STREAM of a stream that a client may open. */
static uint32_t check_stream(struct http2_watch *watch, const struct frame *frame)
{
    int32_t id = frame->stream_id;
    if (id > watch->highest) {
        if (frame->type != NGHTTP2_HEADERS) {
            return NGHTTP2_NO_ERROR; /* idle: nghttp2 sees that */
        }
        open_stream(watch, id);
    } else if (watch->highest - id >= 2 * HTTP2_WATCH_STREAMS) {
        return NGHTTP2_NO_ERROR;
    } else if (frame->type == NGHTTP2_HEADERS && !has(watch->opened, id)) {
        return NGHTTP2_PROTOCOL_ERROR;
    } else if (frame->type != NGHTTP2_RST_STREAM &&
               (!has(watch->opened, id) || has(watch->finished, id))) {
        return NGHTTP2_STREAM_CLOSED;
    }
    if (frame->type == NGHTTP2_RST_STREAM || (frame->flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        set(watch->finished, id, true);
    }
    return NGHTTP2_NO_ERROR;
}

static uint32_t check_state(struct http2_watch *watch, const struct frame *frame)
{
    switch (frame->type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
    case NGHTTP2_RST_STREAM:
        return frame->stream_id % 2 == 1 ? check_stream(watch, frame) : NGHTTP2_NO_ERROR;
    case NGHTTP2_PRIORITY:
        return frame->stream_id == 0 || frame->stream_id == frame->number ? NGHTTP2_PROTOCOL_ERROR
                                                                          : NGHTTP2_NO_ERROR;
    default:
        return NGHTTP2_NO_ERROR;
    }
}

/* false: it is one too many of a kind that does nothing for a request. */
static bool is_affordable(struct http2_watch *watch, const struct frame *frame, int64_t now_ns)
{
    enum http2_cost cost = HTTP2_COST_CONTROL;
    switch (frame->type) {
    case NGHTTP2_HEADERS:
        watch->continuations = 0;
        return true;
    case NGHTTP2_CONTINUATION:
        return ++watch->continuations <= HTTP2_CONTINUATIONS_MAX;
    case NGHTTP2_DATA:
        if (frame->length > 0 || (frame->flags & NGHTTP2_FLAG_END_STREAM) != 0) {
            return true;
        }
        break;
    case NGHTTP2_WINDOW_UPDATE:
        if (frame->number >= HTTP2_WINDOW_STEP_MIN) {
            return true;
        }
        break;
    case NGHTTP2_RST_STREAM:
        cost = HTTP2_COST_RESET;
        break;
    default:
        break;
    }
    return http2_budget_take(watch->budget, cost, now_ns);
}

static uint32_t check(struct http2_watch *watch, const struct frame *frame, int64_t now_ns)
{
    uint32_t error_code = check_state(watch, frame);
    if (error_code == NGHTTP2_NO_ERROR && !is_affordable(watch, frame, now_ns)) {
        error_code = NGHTTP2_ENHANCE_YOUR_CALM;
    }
    return error_code;
}

/* How many bytes of the frame must be seen. */
static unsigned head_wanted(const struct http2_watch *watch)
{
    const unsigned char *head = watch->head;
    bool has_number = watch->head_length >= FRAME_HEAD_BYTES &&
                      (head[3] == NGHTTP2_PRIORITY || head[3] == NGHTTP2_WINDOW_UPDATE) &&
                      head[0] == 0 && head[1] == 0 && head[2] >= 4;
    return has_number ? HTTP2_WATCH_HEAD_BYTES : FRAME_HEAD_BYTES;
}

/* Takes bytes of a head. false: more are needed. */
static bool gather_head(struct http2_watch *watch, struct text bytes, size_t *offset)
{
    while (watch->head_length < head_wanted(watch)) {
        if (*offset == bytes.length) {
            return false;
        }
        size_t length = head_wanted(watch) - watch->head_length;
        if (length > bytes.length - *offset) {
            length = bytes.length - *offset;
        }
        memcpy(watch->head + watch->head_length, bytes.data + *offset, length);
        watch->head_length += (unsigned)length;
        *offset += length;
    }
    return true;
}

static struct frame take_frame(struct http2_watch *watch)
{
    const unsigned char *head = watch->head;
    struct frame frame = {
        .length = number_at(head) >> 8,
        .type = head[3],
        .flags = head[4],
        .stream_id = (int32_t)(number_at(head + 5) & INT32_MAX),
        .number = -1,
    };
    watch->skip = frame.length;
    if (watch->head_length == HTTP2_WATCH_HEAD_BYTES) {
        frame.number = (int32_t)(number_at(head + FRAME_HEAD_BYTES) & INT32_MAX);
        watch->skip -= HTTP2_WATCH_HEAD_BYTES - FRAME_HEAD_BYTES;
    }
    watch->head_length = 0;
    return frame;
}

void http2_watch_init(struct http2_watch *watch, struct http2_budget *budget)
{
    *watch = (struct http2_watch){.budget = budget, .skip = NGHTTP2_CLIENT_MAGIC_LEN};
}

uint32_t http2_watch_bytes(struct http2_watch *watch, struct text bytes, int64_t now_ns,
                           size_t *ret_length)
{
    size_t offset = 0;
    size_t frame_offset = 0; /* 0 also for one that began in earlier bytes */
    for (;;) {
        if (watch->skip >= bytes.length - offset) {
            watch->skip -= bytes.length - offset;
            break;
        }
        offset += watch->skip;
        watch->skip = 0;
        frame_offset = watch->head_length > 0 ? 0 : offset;
        if (!gather_head(watch, bytes, &offset)) {
            break;
        }
        struct frame frame = take_frame(watch);
        uint32_t error_code = check(watch, &frame, now_ns);
        if (error_code != NGHTTP2_NO_ERROR) {
            *ret_length = frame_offset;
            return error_code;
        }
    }
    *ret_length = bytes.length;
    return NGHTTP2_NO_ERROR;
}
