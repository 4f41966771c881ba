#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/call.h"
#include "base/clock.h"

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

/* Room that is kept for closing a text, for the mark of a line that was cut, and for its end. */
enum { TAIL_BYTES = 16 };

struct line {
    char bytes[LOG_LINE_BYTES_MAX];
    size_t length;
    bool cut;
    enum log_format format;
};

static void put(struct line *line, const char *bytes, size_t length)
{
    if (line->cut || line->length + length > sizeof(line->bytes) - TAIL_BYTES) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
}

static void put_string(struct line *line, const char *string)
{
    put(line, string, strlen(string));
}

static void put_format(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

static void put_format(struct line *line, const char *format, ...)
{
    char buffer[64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    put(line, buffer, length < (int)sizeof(buffer) ? (size_t)length : sizeof(buffer) - 1);
}

/* The bytes of the character that starts at `at`, in UTF-8. */
static size_t character_length(struct text text, size_t at)
{
    unsigned char lead = (unsigned char)text.data[at];
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static void put_character(struct line *line, struct text character)
{
    unsigned char first = (unsigned char)character.data[0];
    unsigned char second = character.length > 1 ? (unsigned char)character.data[1] : 0;
    if (first == '"' || first == '\\') {
        put(line, (const char[]){'\\', (char)first}, 2);
    } else if (first < 0x20 || first == 0x7f) {
        put_format(line, "\\u%04x", first);
    } else if (first == 0xc2 && second < 0xa0) {
        put_format(line, "\\u%04x", second); /* C1: some terminals obey them */
    } else {
        put(line, character.data, character.length);
    }
}

/* JSON's string form serves both formats; bytes of a text that is not UTF-8 are shown as U+FFFD.
 * What does not fit is left out, at a character's border. false: nothing fits. */
static bool put_quoted(struct line *line, struct text text)
{
    bool utf8 = text_is_utf8(text);
    put(line, "\"", 1);
    if (line->cut) {
        return false;
    }
    for (size_t at = 0; at < text.length && !line->cut;) {
        size_t length = utf8 ? character_length(text, at) : 1;
        if (!utf8 && (unsigned char)text.data[at] >= 0x80) {
            put_string(line, "\\ufffd");
        } else {
            put_character(line, text_slice(text, at, at + length));
        }
        at += length;
    }
    line->bytes[line->length++] = '"';
    return true;
}

/* JSON has no word for what is not a number. */
static void put_number(struct line *line, double number)
{
    if (line->format == LOG_JSON && !isfinite(number)) {
        put_string(line, "null");
    } else {
        put_format(line, "%.6g", number);
    }
}

static void put_key(struct line *line, const char *key)
{
    if (line->format == LOG_JSON) {
        put_string(line, line->length > 1 ? ",\"" : "\"");
        put_string(line, key);
        put_string(line, "\":");
    } else {
        put_string(line, line->length > 0 ? " " : "");
        put_string(line, key);
        put_string(line, "=");
    }
}

/* A field that does not fit is left out; only a text may be there in part. */
static void put_field(struct line *line, const struct log_field *field)
{
    if (line->cut) {
        return;
    }
    size_t before = line->length;
    bool begun = false;
    put_key(line, field->key);
    switch (field->kind) {
    case LOG_TEXT:
        begun = put_quoted(line, field->text);
        break;
    case LOG_INTEGER:
        put_format(line, "%lld", (long long)field->integer);
        break;
    case LOG_NUMBER:
        put_number(line, field->number);
        break;
    case LOG_BOOLEAN:
        put_string(line, field->boolean ? "true" : "false");
        break;
    case LOG_END:
        break;
    }
    if (line->cut && !begun) {
        line->length = before;
    }
}

static void put_word(struct line *line, const char *key, const char *word)
{
    if (line->format == LOG_JSON) {
        put_field(line, &(struct log_field){.key = key, .kind = LOG_TEXT, .text = text_of(word)});
    } else {
        put_key(line, key);
        put_string(line, word);
    }
}

static void start_line(struct line *line, const struct log *log, enum log_level level,
                       const char *message)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    line->length = 0;
    line->cut = false;
    line->format = log->format;
    if (line->format == LOG_JSON) {
        put_string(line, "{");
    }
    (void)clock_format(clock_wall_ms(), time); /* the text is NUL-terminated in `time` */
    put_word(line, "time", time);
    put_word(line, "level", level_names[level]);
    put_word(line, "service", log->service != NULL ? log->service : "marquee");
    put_field(line,
              &(struct log_field){.key = "message", .kind = LOG_TEXT, .text = text_of(message)});
}

static void put_fields(struct line *line, const struct log_field *fields)
{
    for (; fields != NULL && fields->kind != LOG_END; fields++) {
        put_field(line, fields);
    }
}

static void end_line(struct line *line)
{
    static const char *const ends[2][2] = {
        [LOG_KEY_VALUE] = {"\n", " cut=true\n"},
        [LOG_JSON] = {"}\n", ",\"cut\":true}\n"},
    };
    const char *end = ends[line->format][line->cut ? 1 : 0];
    size_t length = strlen(end);
    memcpy(line->bytes + line->length, end, length);
    line->length += length;
}

static void write_line(const struct line *line, int fd)
{
    /* A log that cannot be written has nobody to tell. */
    while (write(fd, line->bytes, line->length) < 0 && errno == EINTR) {
    }
}

void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields)
{
    if (log == NULL || level < log->level) {
        return;
    }
    struct line line;
    start_line(&line, log, level, message);
    put_fields(&line, fields);
    end_line(&line);
    write_line(&line, log->fd);
}

size_t log_format_line(const struct log *log, enum log_level level, const char *message,
                       const struct log_field *fields, char bytes[static LOG_LINE_BYTES_MAX])
{
    struct line line;
    start_line(&line, log, level, message);
    put_fields(&line, fields);
    end_line(&line);
    memcpy(bytes, line.bytes, line.length);
    return line.length;
}

void log_call(const struct log *log, enum log_level level, const struct call *call,
              const char *message, const struct log_field *fields)
{
    if (log == NULL || level < log->level) {
        return;
    }
    struct line line;
    char id[TRACE_ID_TEXT_BYTES];
    start_line(&line, log, level, message);
    put_field(&line, &(struct log_field){.key = "trace",
                                         .kind = LOG_TEXT,
                                         .text = trace_id_text(&call->identity.trace, id)});
    put_fields(&line, fields);
    if (call->error.message.length > 0) {
        put_field(&line, &(struct log_field){
                             .key = "error", .kind = LOG_TEXT, .text = call->error.message});
    }
    if (call->error.detail.length > 0) {
        put_field(&line, &(struct log_field){
                             .key = "detail", .kind = LOG_TEXT, .text = call->error.detail});
    }
    end_line(&line);
    write_line(&line, log->fd);
}

bool log_level_parse(struct text name, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_LENGTH(level_names); i++) {
        if (text_equal(name, text_of(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_parse(struct text name, enum log_format *ret_format)
{
    if (text_equal(name, TEXT("json"))) {
        *ret_format = LOG_JSON;
        return true;
    }
    if (text_equal(name, TEXT("text"))) {
        *ret_format = LOG_KEY_VALUE;
        return true;
    }
    return false;
}
