/* Our own forms: movies and votes as JSON, an array or one a line; votes as CSV. Taken as they are,
 * under their ids: what was exported is the same again. */
#include "base/clock.h"
#include "marquee/event_reader.h"
#include "marquee/import_movies.h"
#include "marquee/import_rows.h"
#include "metadata/model/metadata_json.h"
#include "rating/model/rating_event.h"
#include "rating/model/rating_value.h"
#include "json/json.h"

enum { VALUE_BYTES_MAX = 8 * 1024 * 1024, SHOW_EVERY_VALUES = 64 };

struct own {
    struct import_table table;
    struct import_movies movies;
    uint64_t count;
};

static enum status take_vote(struct own *own, struct call *call, struct text json, uint64_t row)
{
    struct rating_change change;
    enum status status = rating_event_decode(call, json, &change);
    if (status != STATUS_OK) {
        return status;
    }
    if (change.kind != RATING_PUT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a deletion is no vote: marquee ingest takes it");
    }
    if (!change.has_time) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "eventTime is missing: a vote without it would be new each time");
    }
    return import_table_put_vote(&own->table, &change, row);
}

static enum status take_movie(struct own *own, struct call *call, const struct json *json,
                              uint64_t row)
{
    struct metadata metadata;
    enum status status = metadata_from_json(call, json, &metadata);
    if (status == STATUS_OK) {
        status = metadata_validate(call, &metadata);
    }
    return status == STATUS_OK ? import_movies_put(&own->movies, &metadata, row) : status;
}

/* A vote names a record; all else is a movie. */
static enum status take_value(struct own *own, struct call *call, const struct event_text *value)
{
    const struct json *json;
    if (value->too_long) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "it is longer than %d bytes",
                         EVENT_READER_EVENT_BYTES_MAX);
    }
    enum status status = json_parse(call, value->json, &json);
    if (status != STATUS_OK) {
        return status;
    }
    return json_kind(json_member(json, "recordId")) != JSON_ABSENT
               ? take_vote(own, call, value->json, value->line)
               : take_movie(own, call, json, value->line);
}

/* STATUS_NOT_FOUND: there are no more. */
static enum status read_value(struct own *own, struct event_reader *reader, struct arena *arena)
{
    struct event_text value = {.line = reader->line};
    struct call call;
    call_init(&call, arena, 0);
    enum status status = event_reader_next(reader, &call, &value);
    if (status == STATUS_INVALID_ARGUMENT) { /* the array is broken: there is nothing behind it */
        return call_fail(&own->table.import->session->call, status, "%s: %.*s",
                         own->table.file.name, TEXT_ARGUMENTS(call.error.message));
    }
    if (status == STATUS_OK) {
        status = take_value(own, &call, &value);
    }
    status = import_table_take(&own->table, &call, value.line, status);
    if (++own->count % SHOW_EVERY_VALUES == 0) {
        import_table_show(&own->table, own->count);
    }
    arena_reset(arena);
    return status;
}

static enum status read_values(struct own *own)
{
    struct event_reader reader;
    struct arena arena;
    enum status status = event_reader_init(&reader, own->table.file.bytes);
    arena_init(&arena, VALUE_BYTES_MAX);
    while (status == STATUS_OK) {
        status = read_value(own, &reader, &arena);
    }
    event_reader_deinit(&reader);
    arena_deinit(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status open(struct import *import, struct own **ret_own)
{
    *ret_own = arena_calloc(import->session->call.arena, 1, sizeof(**ret_own));
    return *ret_own != NULL
               ? import_table_open(import, TEXT(""), &(*ret_own)->table)
               : call_fail(&import->session->call, STATUS_RESOURCE_EXHAUSTED, "no memory");
}

enum status import_json(struct import *import)
{
    struct own *own;
    enum status status = open(import, &own);
    if (status != STATUS_OK) {
        return status;
    }
    import_movies_init(&own->movies, &own->table, IMPORT_REPLACE);
    status = import_movies_finish(&own->movies, read_values(own));
    return import_table_close(&own->table, status);
}

/* CSV. */

enum { USER, RECORD, TYPE, VALUE, TIME, PROVIDER, COLUMNS };

static const char *const columns[COLUMNS] = {
    [USER] = "userId", [RECORD] = "recordId", [TYPE] = "recordType",
    [VALUE] = "value", [TIME] = "eventTime",  [PROVIDER] = "providerId",
};

static enum status take_row(void *state, struct call *call, const struct import_row *row)
{
    struct own *own = state;
    struct rating_change change = {.kind = RATING_PUT,
                                   .key = {.record = {.id = row->fields[RECORD]},
                                           .provider = row->fields[PROVIDER],
                                           .user = row->fields[USER]},
                                   .has_time = true};
    enum status status = record_type_parse(call, row->fields[TYPE], &change.key.record.type);
    if (status == STATUS_OK) {
        status = rating_value_parse(call, row->fields[VALUE], &change.hundredths);
    }
    if (status == STATUS_OK && !clock_parse(row->fields[TIME], &change.time_ms)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "eventTime is not a time in RFC 3339");
    }
    if (status == STATUS_OK) {
        status = rating_change_validate(call, &change);
    }
    return status == STATUS_OK ? import_table_put_vote(&own->table, &change, row->line) : status;
}

enum status import_csv(struct import *import)
{
    struct own *own;
    enum status status = open(import, &own);
    if (status != STATUS_OK) {
        return status;
    }
    const struct import_rows rows = {
        .table = &own->table,
        .columns = columns,
        .column_count = COLUMNS,
        .required = COLUMNS,
        .take = take_row,
        .state = own,
    };
    status = import_rows_read(&rows);
    return import_table_close(&own->table, status);
}
