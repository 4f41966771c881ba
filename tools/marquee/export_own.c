/* Our own forms: JSON, one value a line, and CSV; what marquee import reads back is the same. */
#include "base/buffer.h"
#include "base/clock.h"
#include "marquee/csv_writer.h"
#include "marquee/export.h"
#include "metadata/model/metadata_json.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"
#include "json/json.h"

/* The largest entry, every byte of it escaped. */
enum { LINE_BYTES_MAX = 256 * 1024, VALUE_BYTES = 16 };

/* "8.5": hundredths without zeros behind. */
static struct text points_text(int32_t hundredths, char text[static VALUE_BYTES])
{
    int length = snprintf(text, VALUE_BYTES, "%d.%02d", hundredths / RATING_HUNDREDTHS_PER_POINT,
                          hundredths % RATING_HUNDREDTHS_PER_POINT);
    while (text[length - 1] == '0') {
        length--;
    }
    length -= text[length - 1] == '.';
    return text_of_bytes(text, (size_t)length);
}

/* A line. false: it does not fit. */
static bool write_line(FILE *output, struct json_writer *writer, const struct buffer *line)
{
    if (!json_writer_end(writer)) {
        return false;
    }
    (void)fwrite(line->data, 1, line->length, output);
    (void)fputc('\n', output);
    return true;
}

static void write_vote(struct json_writer *writer, const struct vote *vote)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    char value[VALUE_BYTES];
    json_open_object(writer);
    json_member_string(writer, "userId", vote->key.user);
    json_member_string(writer, "recordId", vote->key.record.id);
    json_member_string(writer, "recordType", text_of(record_type_name(vote->key.record.type)));
    json_write_name(writer, TEXT("value"));
    json_write_raw(writer, points_text(vote->hundredths, value));
    json_member_string(writer, "providerId", vote->key.provider);
    json_member_string(writer, "eventType", TEXT("put"));
    json_member_string(writer, "eventTime", clock_format(vote->time_ms, time));
    json_close_object(writer);
}

static enum status too_long(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "a line would be longer than %d bytes",
                     LINE_BYTES_MAX);
}

static enum status take_votes_as_json(struct export *export, struct call *call,
                                      const struct export_votes *votes)
{
    struct buffer line;
    bool fits = true;
    buffer_init(&line, LINE_BYTES_MAX);
    for (size_t i = 0; i < votes->count && fits; i++) {
        struct json_writer writer;
        buffer_clear(&line);
        json_writer_init(&writer, &line);
        write_vote(&writer, &votes->votes[i]);
        fits = write_line(export->output, &writer, &line);
    }
    buffer_deinit(&line);
    return fits ? STATUS_OK : too_long(call);
}

static enum status write_movies(struct export *export, struct call *call,
                                const ListMetadataResponse *response)
{
    struct buffer line;
    enum status status = STATUS_OK;
    buffer_init(&line, LINE_BYTES_MAX);
    for (size_t i = 0; i < response->n_metadata && status == STATUS_OK; i++) {
        struct json_writer writer;
        struct metadata metadata;
        status = metadata_from_message(call->arena, response->metadata[i], &metadata);
        if (status == STATUS_OK) {
            buffer_clear(&line);
            json_writer_init(&writer, &line);
            metadata_write_json(&writer, &metadata);
            status = write_line(export->output, &writer, &line) ? STATUS_OK : too_long(call);
        }
    }
    buffer_deinit(&line);
    return status;
}

static enum status take_movies(struct session *session, void *state, struct session_page *page)
{
    struct export *export = state;
    ListMetadataRequest request = LIST_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    request.page_size = METADATA_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_METADATA, "/MetadataService/ListMetadata",
                    &request.base, &list_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListMetadataResponse *response = (const ListMetadataResponse *)message;
    page->next = proto_text(response->next_page_token);
    export->movies += response->n_metadata;
    progress_update(&export->progress, 0, export->movies);
    return write_movies(export, &page->call, response);
}

enum status export_json(struct export *export)
{
    enum status status =
        export->with_movies ? session_each_page(export->session, take_movies, export) : STATUS_OK;
    return status == STATUS_OK && export->with_votes
               ? export_each_vote_page(export, take_votes_as_json)
               : status;
}

static enum status take_votes_as_csv(struct export *export, struct call *call,
                                     const struct export_votes *votes)
{
    (void)call;
    for (size_t i = 0; i < votes->count; i++) {
        const struct vote *vote = &votes->votes[i];
        char time[CLOCK_TIME_TEXT_BYTES];
        char value[VALUE_BYTES];
        csv_write_field(export->output, vote->key.user);
        (void)fputc(',', export->output);
        csv_write_field(export->output, vote->key.record.id);
        (void)fprintf(export->output, ",%s,%.*s,", record_type_name(vote->key.record.type),
                      TEXT_ARGUMENTS(points_text(vote->hundredths, value)));
        csv_write_field(export->output, vote->key.provider);
        (void)fprintf(export->output, ",%.*s\n", TEXT_ARGUMENTS(clock_format(vote->time_ms, time)));
    }
    return STATUS_OK;
}

enum status export_csv(struct export *export)
{
    (void)fputs("userId,recordId,recordType,value,providerId,eventTime\n", export->output);
    return export_each_vote_page(export, take_votes_as_csv);
}
