/* Streams, and where the session finds them. */
#include <stdlib.h>

#include "http2/http2_session_private.h"

static struct http2_stream **place_of(const struct http2_session *session, uint32_t stream_id)
{
    return &session->places[stream_id >> 1 & session->place_mask];
}

struct http2_stream *http2_stream_find(const struct http2_session *session, uint32_t stream_id)
{
    struct http2_stream *stream = *place_of(session, stream_id);
    while (stream != NULL && stream->id != stream_id) {
        stream = stream->next;
    }
    return stream;
}

/* Without memory for more places the chains grow longer. */
static void grow(struct http2_session *session)
{
    uint32_t old_count = session->place_mask + 1;
    struct http2_stream **old = session->places;
    struct http2_stream **places = calloc(2 * (size_t)old_count, sizeof(struct http2_stream *));
    if (places == NULL) {
        return;
    }
    session->places = places;
    session->place_mask = 2 * old_count - 1;
    for (uint32_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            struct http2_stream *stream = old[i];
            struct http2_stream **place = place_of(session, stream->id);
            old[i] = stream->next;
            stream->next = *place;
            *place = stream;
        }
    }
    if (old != session->first_places) {
        free(old);
    }
}

void http2_stream_place(struct http2_session *session, struct http2_stream *stream)
{
    if (session->stream_count > 2 * session->place_mask) {
        grow(session);
    }
    struct http2_stream **place = place_of(session, stream->id);
    stream->next = *place;
    stream->has_place = true;
    *place = stream;
    stream->send_window = session->peer_initial_window;
    stream->receive_window = (int32_t)session->options.window_bytes;
    if (!stream->known) {
        stream->known = true;
        session->stream_count++;
    }
}

void http2_stream_init(struct http2_stream *stream)
{
    *stream = (struct http2_stream){.length_left = -1};
    list_init(&stream->turn_link);
}

bool http2_session_open(struct http2_session *session, struct http2_stream *stream, bool is_head)
{
    if (!http2_session_can_open(session)) {
        return false;
    }
    stream->is_head = is_head;
    stream->known = true;
    session->stream_count++;
    session->unsent++;
    http2_stream_wake(session, stream);
    return true;
}

void http2_stream_number(struct http2_session *session, struct http2_stream *stream)
{
    CHECK(session->options.is_client && stream->known);
    stream->id = session->next_id;
    session->next_id += 2;
    session->unsent--;
    http2_history_open(&session->history, stream->id);
    http2_stream_place(session, stream);
}

void http2_session_forget(struct http2_session *session, struct http2_stream *stream)
{
    list_remove(&stream->turn_link);
    if (stream->has_place) {
        struct http2_stream **place = place_of(session, stream->id);
        while (*place != stream) {
            place = &(*place)->next;
        }
        *place = stream->next;
        stream->has_place = false;
    } else if (stream->known) {
        session->unsent--;
    }
    if (stream->known) {
        stream->known = false;
        session->stream_count--;
    }
}

void http2_stream_close(struct http2_session *session, struct http2_stream *stream,
                        uint32_t error_code)
{
    http2_session_forget(session, stream);
    session->options.events->closed(session, stream, error_code);
}

void http2_stream_close_if_over(struct http2_session *session, struct http2_stream *stream)
{
    if (stream->known && !stream->resetting && stream->local_ended && stream->remote_ended) {
        http2_stream_close(session, stream, HTTP2_NO_ERROR);
    }
}

void http2_stream_wake(struct http2_session *session, struct http2_stream *stream)
{
    if (stream->known && list_is_empty(&stream->turn_link)) {
        list_append(&session->turns, &stream->turn_link);
    }
}

void http2_session_unstarve(struct http2_session *session)
{
    struct list *link;
    while ((link = list_take_first(&session->starved)) != NULL) {
        list_append(&session->turns, link);
    }
}

void http2_stream_reset(struct http2_session *session, struct http2_stream *stream,
                        uint32_t error_code)
{
    if (stream->known && !stream->resetting) {
        stream->resetting = true;
        stream->reset_code = error_code;
        list_remove(&stream->turn_link); /* not where it would wait for a window */
        http2_stream_wake(session, stream);
    }
}

void http2_stream_end_remote(struct http2_session *session, struct http2_stream *stream)
{
    stream->remote_ended = true;
    http2_history_finish(&session->history, stream->id);
}

void http2_stream_consume(struct http2_session *session, struct http2_stream *stream, size_t length)
{
    if (!stream->has_place || stream->remote_ended || stream->resetting) {
        return; /* nothing more can come */
    }
    stream->consumed += (uint32_t)length;
    if (stream->consumed >= session->options.window_bytes / 2) {
        http2_control_append_number(session, HTTP2_FRAME_WINDOW_UPDATE, stream->id,
                                    stream->consumed);
        stream->receive_window += (int32_t)stream->consumed;
        stream->consumed = 0;
    }
}

bool http2_stream_can_send(const struct http2_session *session, const struct http2_stream *stream)
{
    int32_t send_window = stream->has_place ? stream->send_window : session->peer_initial_window;
    return session->send_window > 0 && send_window > 0;
}
