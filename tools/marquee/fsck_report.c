#include "marquee/fsck_report.h"

#include <stdarg.h>

#include "base/buffer.h"
#include "marquee/terminal.h"
#include "json/json.h"

enum { JSON_BYTES_MAX = 8 * FSCK_WORDS_BYTES_MAX };

static void print_json(struct fsck_report *report, const char *member, const char *kind,
                       const char *words)
{
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, member, text_of(kind));
    json_member_string(&writer, "words", text_of(words));
    json_close_object(&writer);
    CHECK(json_writer_end(&writer)); /* it fits: each byte has at most six */
    (void)fprintf(report->output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
    buffer_deinit(&buffer);
}

/* A failed write is found when the command ends. */
static void print(struct fsck_report *report, const char *member, const char *kind,
                  const char *words)
{
    if (report->json) {
        print_json(report, member, kind, words);
        return;
    }
    (void)fprintf(report->output, "%s: %s: ", member, kind);
    terminal_print(report->output, text_of(words));
    (void)fputc('\n', report->output);
}

static void add(struct fsck_report *report, uint64_t *count, const char *member, const char *kind,
                const char *words)
{
    if ((*count)++ < FSCK_DIFFERENCES_SHOWN_MAX) {
        print(report, member, kind, words);
    }
}

void fsck_report_difference(struct fsck_report *report, const char *kind, const char *format, ...)
{
    char words[FSCK_WORDS_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments); /* cut where it is too long */
    va_end(arguments);
    add(report, &report->differences, "difference", kind, words);
}

void fsck_report_unsettled(struct fsck_report *report, const char *kind, const char *format, ...)
{
    char words[FSCK_WORDS_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments); /* cut where it is too long */
    va_end(arguments);
    add(report, &report->unsettled, "unsettled", kind, words);
}

const char *fsck_record_name(struct record_key record, char name[static FSCK_NAME_BYTES])
{
    (void)snprintf(name, FSCK_NAME_BYTES, "%s %.*s", record_type_name(record.type),
                   TEXT_ARGUMENTS(record.id));
    return name;
}

const char *fsck_vote_name(const struct vote_key *key, char name[static FSCK_NAME_BYTES])
{
    (void)snprintf(name, FSCK_NAME_BYTES, "%s %.*s of user %.*s%s%.*s%s",
                   record_type_name(key->record.type), TEXT_ARGUMENTS(key->record.id),
                   TEXT_ARGUMENTS(key->user), key->provider.length > 0 ? " (provider " : "",
                   TEXT_ARGUMENTS(key->provider), key->provider.length > 0 ? ")" : "");
    return name;
}
