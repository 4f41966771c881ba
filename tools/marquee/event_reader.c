#include "marquee/event_reader.h"

#include <stdlib.h>

/* In place of a byte. */
enum { END_OF_FILE = -1, READ_FAILED = -2 };

enum status event_reader_init(struct event_reader *reader, struct byte_source source)
{
    *reader = (struct event_reader){.source = source, .line = 1};
    buffer_init(&reader->event, EVENT_READER_EVENT_BYTES_MAX);
    reader->chunk = malloc(EVENT_READER_CHUNK_BYTES);
    return reader->chunk != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

void event_reader_deinit(struct event_reader *reader)
{
    buffer_deinit(&reader->event);
    free(reader->chunk);
}

/* The next byte, not taken yet. *status is written where it fails. */
static int peek(struct event_reader *reader, struct call *call, enum status *status)
{
    if (reader->chunk_position == reader->chunk_length) {
        reader->chunk_position = reader->chunk_length = 0;
        *status = reader->source.read(reader->source.state, call, reader->chunk,
                                      EVENT_READER_CHUNK_BYTES, &reader->chunk_length);
        if (*status != STATUS_OK) {
            return READ_FAILED;
        }
        if (reader->chunk_length == 0) {
            return END_OF_FILE;
        }
    }
    return (unsigned char)reader->chunk[reader->chunk_position];
}

static void take(struct event_reader *reader)
{
    reader->line += reader->chunk[reader->chunk_position] == '\n';
    reader->chunk_position++;
}

static bool is_space(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static int skip_space(struct event_reader *reader, struct call *call, enum status *status)
{
    int byte = peek(reader, call, status);
    while (is_space(byte)) {
        take(reader);
        byte = peek(reader, call, status);
    }
    return byte;
}

static void keep(struct event_reader *reader, char byte)
{
    if (!reader->overrun && !buffer_append_byte(&reader->event, byte)) {
        reader->overrun = true; /* also without memory: this event is lost either way */
        buffer_clear(&reader->event);
    }
}

static enum status read_line(struct event_reader *reader, struct call *call)
{
    enum status status = STATUS_OK;
    int byte = peek(reader, call, &status);
    while (byte >= 0 && byte != '\n') {
        keep(reader, (char)byte);
        take(reader);
        byte = peek(reader, call, &status);
    }
    return status;
}

/* Where a value of the array stands. */
struct scan {
    unsigned depth; /* of brackets and braces */
    bool in_string;
    bool escaped;
};

/* Whether the byte ends the value: a comma or the closing bracket of the array itself. */
static bool step(struct scan *scan, int byte)
{
    if (scan->in_string) {
        scan->in_string = scan->escaped || byte != '"';
        scan->escaped = !scan->escaped && byte == '\\';
        return false;
    }
    if (scan->depth == 0 && (byte == ',' || byte == ']')) {
        return true;
    }
    scan->in_string = byte == '"';
    if (byte == '{' || byte == '[') {
        scan->depth++;
    } else if ((byte == '}' || byte == ']') && scan->depth > 0) {
        scan->depth--;
    }
    return false;
}

static enum status fail_open(struct event_reader *reader, struct call *call)
{
    reader->ended = true;
    return call_fail(call, STATUS_INVALID_ARGUMENT, "line %llu: the file ends within the array",
                     (unsigned long long)reader->line);
}

static enum status read_element(struct event_reader *reader, struct call *call)
{
    struct scan scan = {.depth = 0};
    enum status status = STATUS_OK;
    int byte = peek(reader, call, &status);
    while (byte >= 0 && !step(&scan, byte)) {
        keep(reader, (char)byte);
        take(reader);
        byte = peek(reader, call, &status);
    }
    return byte == END_OF_FILE ? fail_open(reader, call) : status;
}

static enum status end_array(struct event_reader *reader, struct call *call)
{
    enum status status = STATUS_OK;
    take(reader);
    reader->ended = true;
    if (skip_space(reader, call, &status) >= 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "line %llu: something stands behind the end of the array",
                         (unsigned long long)reader->line);
    }
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

/* Past the comma, or the end, before a value of the array. */
static enum status enter_element(struct event_reader *reader, struct call *call)
{
    enum status status = STATUS_OK;
    int byte = skip_space(reader, call, &status);
    bool is_first = !reader->after_event;
    reader->after_event = true;
    if (byte == ']') {
        return end_array(reader, call);
    }
    if (!is_first && byte == ',') {
        take(reader);
        byte = skip_space(reader, call, &status);
    }
    return byte == END_OF_FILE ? fail_open(reader, call) : status;
}

static enum status begin(struct event_reader *reader, struct call *call)
{
    enum status status = STATUS_OK;
    int byte = skip_space(reader, call, &status);
    reader->begun = byte >= 0;
    reader->is_array = byte == '[';
    if (reader->is_array) {
        take(reader);
    }
    return status;
}

static enum status enter(struct event_reader *reader, struct call *call)
{
    enum status status = reader->begun ? STATUS_OK : begin(reader, call);
    if (status != STATUS_OK) {
        return status;
    }
    if (reader->is_array) {
        return enter_element(reader, call);
    }
    if (skip_space(reader, call, &status) == END_OF_FILE) {
        reader->ended = true;
        return STATUS_NOT_FOUND;
    }
    return status;
}

enum status event_reader_next(struct event_reader *reader, struct call *call,
                              struct event_text *ret_event)
{
    if (reader->ended) {
        return STATUS_NOT_FOUND;
    }
    enum status status = enter(reader, call);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t line = reader->line;
    buffer_clear(&reader->event);
    reader->overrun = false;
    status = reader->is_array ? read_element(reader, call) : read_line(reader, call);
    if (status == STATUS_OK) {
        *ret_event =
            (struct event_text){buffer_text(&reader->event), line, .too_long = reader->overrun};
    }
    return status;
}
