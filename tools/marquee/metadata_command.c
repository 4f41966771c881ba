/* marquee metadata get, put, delete, list. */
#include "base/buffer.h"
#include "marquee/byte_source.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "metadata/model/metadata_json.h"
#include "metadata/model/metadata_message.h"
#include "proto/proto.h"
#include "json/json.h"

enum { FILE_BYTES_MAX = 1024 * 1024, ID_COLUMN = 14 };

static const struct config_option options[] = {
    {.name = "file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "put: a JSON object in place of the flags; - is standard input"},
    {.name = "title", .kind = CONFIG_TEXT, .argument = "TEXT", .help = "put: the title"},
    {.name = "description",
     .kind = CONFIG_TEXT,
     .argument = "TEXT",
     .help = "put: what it is about"},
    {.name = "director", .kind = CONFIG_TEXT, .argument = "NAME", .help = "put: who directed it"},
    {.name = "year",
     .kind = CONFIG_INTEGER,
     .argument = "YEAR",
     .help = "put: when it came out; 0 if not known",
     .maximum = METADATA_YEAR_MAX},
    {.name = "genres", .kind = CONFIG_TEXT, .argument = "NAME,…", .help = "put: its genres"},
    {.name = "imdb-id", .kind = CONFIG_TEXT, .argument = "ID", .help = "put: its id at IMDb"},
    {.name = "tmdb-id", .kind = CONFIG_TEXT, .argument = "ID", .help = "put: its id at TMDB"},
    {.name = "popularity",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .help = "put: how many people know it; what more know is found first",
     .maximum = UINT32_MAX},
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "0",
     .help = "list: at most so many; 0 for all"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee metadata",
    SESSION_PROGRAM,
    .summary = "marquee metadata: get, put, delete or list what is known about movies.",
    .usage = "[OPTIONS] get ID | put ID | put --file FILE | delete ID | list",
    .epilogue = "put replaces all that was known. list --json prints one page a line.\n\n" //
    COMMAND_EXIT_STATUS_HELP "\nexample: marquee metadata put m1 --title 'The Film' --year 1999\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 2,
};

static bool wants_json(const struct session *session)
{
    return config_boolean(session->config, "json");
}

static void print_field(FILE *output, const char *name, ProtobufCBinaryData value)
{
    if (value.len > 0) {
        (void)fprintf(output, "  %-10s", name);
        terminal_print(output, proto_text(value));
        (void)fputc('\n', output);
    }
}

static void print_metadata(FILE *output, const Metadata *metadata)
{
    print_field(output, "id", metadata->id);
    print_field(output, "title", metadata->title);
    if (metadata->year != 0) {
        (void)fprintf(output, "  %-10s%d\n", "year", metadata->year);
    }
    print_field(output, "director", metadata->director);
    for (size_t i = 0; i < metadata->n_genres; i++) {
        print_field(output, i == 0 ? "genres" : "", metadata->genres[i]);
    }
    print_field(output, "IMDb", metadata->imdb_id);
    print_field(output, "TMDB", metadata->tmdb_id);
    if (metadata->popularity != 0) {
        (void)fprintf(output, "  %-10s%u\n", "known by", metadata->popularity);
    }
    for (size_t i = 0; i < metadata->n_external_scores; i++) {
        const ExternalScore *score = metadata->external_scores[i];
        (void)fprintf(output, "  %-10s", i == 0 ? "elsewhere" : "");
        terminal_print(output, proto_text(score->source));
        (void)fprintf(output, " %.4g of 10 (%u votes)\n", score->value, score->votes);
    }
    if (metadata->description.len > 0) {
        (void)fputc('\n', output);
        terminal_print_wrapped(output, proto_text(metadata->description), "  ",
                               terminal_text_columns(output));
    }
}

static enum status get(struct session *session, struct text id)
{
    GetMetadataRequest request = GET_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    request.movie_id = proto_bytes(id);
    enum status status =
        session_ask_once(session, SESSION_METADATA, "/MetadataService/GetMetadata", &request.base,
                         &get_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const GetMetadataResponse *response = (const GetMetadataResponse *)message;
    if (wants_json(session)) {
        return session_print_json(session, &session->call, message);
    }
    if (response->metadata != NULL) {
        print_metadata(session->input->output, response->metadata);
    }
    return STATUS_OK;
}

static enum status metadata_from_flags(struct session *session, struct text id,
                                       struct metadata *ret_metadata)
{
    const struct config *config = session->config;
    struct text *genres = arena_calloc(&session->arena, METADATA_GENRES_MAX, sizeof(*genres));
    struct text list = config_text(config, "genres");
    size_t count = 0;
    while (list.length > 0 && genres != NULL) {
        if (count == METADATA_GENRES_MAX) {
            return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "more than %d genres",
                             METADATA_GENRES_MAX);
        }
        genres[count++] = text_trim(text_next(&list, ','));
    }
    *ret_metadata = (struct metadata){
        .id = id,
        .title = config_text(config, "title"),
        .description = config_text(config, "description"),
        .director = config_text(config, "director"),
        .year = (int32_t)config_integer(config, "year"),
        .genres = genres,
        .genre_count = count,
        .imdb_id = config_text(config, "imdb-id"),
        .tmdb_id = config_text(config, "tmdb-id"),
        .popularity = (uint32_t)config_integer(config, "popularity"),
    };
    return STATUS_OK;
}

static enum status metadata_from_file(struct session *session, struct text id,
                                      struct metadata *ret_metadata)
{
    struct buffer bytes;
    const struct json *json;
    struct call *call = &session->call;
    buffer_init(&bytes, FILE_BYTES_MAX);
    enum status status =
        file_source_read_all(call, config_text(session->config, "file").data, &bytes);
    if (status == STATUS_OK) {
        status = json_parse(call, buffer_text(&bytes), &json);
    }
    buffer_deinit(&bytes);
    if (status == STATUS_OK) {
        status = metadata_from_json(call, json, ret_metadata);
    }
    if (status == STATUS_OK && id.length > 0) {
        ret_metadata->id = id;
    }
    return status;
}

static enum status put(struct session *session, struct text id)
{
    PutMetadataRequest request = PUT_METADATA_REQUEST__INIT;
    struct metadata metadata;
    ProtobufCMessage *response;
    struct call *call = &session->call;
    enum status status = config_is_given(session->config, "file")
                             ? metadata_from_file(session, id, &metadata)
                             : metadata_from_flags(session, id, &metadata);
    if (status == STATUS_OK) {
        status = metadata_validate(call, &metadata);
    }
    if (status != STATUS_OK) {
        return status;
    }
    request.metadata = metadata_to_message(&session->arena, &metadata);
    if (request.metadata == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    status = session_ask_once(session, SESSION_METADATA, "/MetadataService/PutMetadata",
                              &request.base, &put_metadata_response__descriptor, &response);
    return status == STATUS_OK ? session_print_done(session, response) : status;
}

static enum status delete (struct session *session, struct text id) {
    DeleteMetadataRequest request = DELETE_METADATA_REQUEST__INIT; ProtobufCMessage * response;
    request.movie_id = proto_bytes(id);
    enum status status = session_ask_once(session, SESSION_METADATA,
                                          "/MetadataService/DeleteMetadata", &request.base,
                                          &delete_metadata_response__descriptor, &response);
    return status == STATUS_OK ? session_print_done(session, response) : status;
}

static void print_rows(FILE *output, const ListMetadataResponse *page)
{
    for (size_t i = 0; i < page->n_metadata; i++) {
        const Metadata *metadata = page->metadata[i];
        terminal_print_padded(output, proto_text(metadata->id), ID_COLUMN);
        if (metadata->year != 0) {
            (void)fprintf(output, " %4d  ", metadata->year);
        } else {
            (void)fprintf(output, " %4s  ", "");
        }
        terminal_print(output, proto_text(metadata->title));
        (void)fputc('\n', output);
    }
}

/* One page, and the token of the next: empty after the last. */
static enum status list_page(struct session *session, int64_t *left, struct session_page *page)
{
    ListMetadataRequest request = LIST_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    bool is_limited = *left > 0;
    request.page_size =
        is_limited && *left < METADATA_PAGE_SIZE_MAX ? (int32_t)*left : METADATA_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_METADATA, "/MetadataService/ListMetadata",
                    &request.base, &list_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListMetadataResponse *response = (const ListMetadataResponse *)message;
    *left -= is_limited ? (int64_t)response->n_metadata : 0;
    page->next = is_limited && *left <= 0 ? TEXT("") : proto_text(response->next_page_token);
    if (wants_json(session)) {
        return session_print_json(session, &page->call, message);
    }
    print_rows(session->input->output, response);
    return STATUS_OK;
}

static enum status print_page(struct session *session, void *state, struct session_page *page)
{
    return list_page(session, state, page);
}

static enum status run(struct session *session)
{
    const struct config *config = session->config;
    struct text verb = config_argument(config, 0);
    bool has_id = config_argument_count(config) > 1;
    struct text id = has_id ? config_argument(config, 1) : TEXT("");
    int64_t left = config_integer(config, "limit");
    if (text_equal(verb, TEXT("get")) && has_id) {
        return get(session, id);
    }
    if (text_equal(verb, TEXT("put")) && (has_id || config_is_given(config, "file"))) {
        return put(session, id);
    }
    if (text_equal(verb, TEXT("delete")) && has_id) {
        return delete (session, id);
    }
    if (text_equal(verb, TEXT("list")) && !has_id) {
        return session_each_page(session, print_page, &left);
    }
    return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "usage: %s %s", program.name,
                     program.usage);
}

int metadata_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
