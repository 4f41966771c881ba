/* log.h: one line per event that matters, as key=value or as JSON.
 *
 *   log_write(log, LOG_INFO, "listening", LOG_FIELDS(log_text("address", address)));
 *
 * Texts are quoted and escaped, so that no user can write a line of their own. A line is written by
 * one write(2); one over LOG_LINE_BYTES_MAX is cut between fields or
 * characters and says so in a field, cut=true. Libraries do not log above debug:
 * handlers, the ingest loop and main do. Safe from any thread. */
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct call;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_KEY_VALUE, LOG_JSON };
enum { LOG_LINE_BYTES_MAX = 4096 };

struct log {
    int fd;
    enum log_level level; /* quieter lines are dropped */
    enum log_format format;
    const char *service; /* borrowed: outlives the log */
};

enum log_kind { LOG_END, LOG_TEXT, LOG_INTEGER, LOG_NUMBER, LOG_BOOLEAN };

struct log_field {
    const char *key;
    enum log_kind kind;
    union {
        struct text text;
        int64_t integer;
        double number;
        bool boolean;
    };
};

/* At least one field. */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {.kind = LOG_END}})

static inline struct log_field log_text(const char *key, struct text text)
{
    return (struct log_field){.key = key, .kind = LOG_TEXT, .text = text};
}

static inline struct log_field log_string(const char *key, const char *string)
{
    return log_text(key, text_of(string));
}

static inline struct log_field log_integer(const char *key, int64_t integer)
{
    return (struct log_field){.key = key, .kind = LOG_INTEGER, .integer = integer};
}

static inline struct log_field log_number(const char *key, double number)
{
    return (struct log_field){.key = key, .kind = LOG_NUMBER, .number = number};
}

static inline struct log_field log_boolean(const char *key, bool boolean)
{
    return (struct log_field){.key = key, .kind = LOG_BOOLEAN, .boolean = boolean};
}

/* fields: NULL for none, else LOG_FIELDS(...). log may be NULL: nothing is written. */
void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields);

/* The same, with the call's trace id and, when it failed, its error's words. */
void log_call(const struct log *log, enum log_level level, const struct call *call,
              const char *message, const struct log_field *fields);

/* The same as a line of its own, newline included, without writing it. Returns its length. */
size_t log_format_line(const struct log *log, enum log_level level, const char *message,
                       const struct log_field *fields, char line[static LOG_LINE_BYTES_MAX]);

/* "debug", "info", "warning", "error". false: another word; *ret_level is untouched. */
MUST_USE bool log_level_parse(struct text name, enum log_level *ret_level);

/* "text" (key=value) or "json". */
MUST_USE bool log_format_parse(struct text name, enum log_format *ret_format);
