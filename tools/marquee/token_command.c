/* marquee token: the file of tokens that services ask for by --access-file. */
#include "access/access_file.h"
#include "access/access_grants.h"
#include "access/access_tokens.h"
#include "base/clock.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "json/json.h"

enum {
    ID_DIGITS = 2 * ACCESS_GRANT_ID_BYTES,
    ID_DIGITS_MIN = 8,
    LIST_BYTES_MAX = 16 * 1024 * 1024
};

static const struct config_option options[] = {
    {.name = "access-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .default_value = "var/access/tokens",
     .help = "the file of tokens; made if there is none"},
    {.name = "user",
     .kind = CONFIG_TEXT,
     .argument = "USER",
     .help = "create: whose token it is; list: whose are listed"},
    {.name = "scopes",
     .kind = CONFIG_TEXT,
     .argument = "SCOPE,…",
     .default_value = "read,vote",
     .help = "create: what it lets do: read, vote, write, admin, impersonate"},
    {.name = "expires",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "0s",
     .help = "create: for how long it holds (90d); 0 for ever",
     .maximum = INT64_C(3650) * 24 * 3600 * 1000},
    {.name = "name",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "create: one word that says what it is for"},
    {.name = "to",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "create: write it to a new file, for --token-file, in place of printing it"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee token",
    .service = CONFIG_COMMANDS,
    .summary = "marquee token: give out, list and take back tokens for the services.",
    .usage = "[OPTIONS] create | list | revoke ID…",
    .epilogue =
        "create prints the token, once: the file has only its SHA-256. A token without --user is "
        "a\n"
        "service's, which acts for users: it needs the scope impersonate.\n\n"
        "list prints id, scopes, user, when it was made and ends, and name.\n\n"
        "revoke takes the beginning of an id, at least 8 digits. Running services read the file\n"
        "again on SIGHUP; sessions end with the token that they were opened "
        "by.\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee token create --user alice --name laptop --to alice.token\n"
        "         marquee rate alice tt0133093 9 --token-file alice.token\n"
        "         marquee token revoke 9f86d081\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = CONFIG_ARGUMENTS_MAX,
};

static struct text id_of(const struct access_grant *grant, char id[static ID_DIGITS])
{
    access_hex_format(grant->digest, ACCESS_GRANT_ID_BYTES, id);
    return text_of_bytes(id, ID_DIGITS);
}

static const char *file_of(const struct session *session)
{
    return config_text(session->config, "access-file").data; /* ends in NUL */
}

/* A file that is not there yet holds nothing. */
static enum status read_list(struct session *session, struct access_grant_list *list)
{
    enum status status = access_grant_list_read(&session->call, file_of(session), list);
    if (status == STATUS_NOT_FOUND) {
        call_clear_error(&session->call);
        return STATUS_OK;
    }
    return status;
}

static enum status fill_grant(struct session *session, struct access_grant *grant)
{
    struct call *call = &session->call;
    struct text user = config_text(session->config, "user");
    struct text name = config_text(session->config, "name");
    int64_t lifetime_ms = config_duration_ms(session->config, "expires");
    if (!access_scopes_parse(config_text(session->config, "scopes"), &grant->scopes)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--scopes: read, vote, write, admin and impersonate, with commas between");
    }
    if (user.length > 0 ? !access_user_is_valid(user) : (grant->scopes & ACCESS_IMPERSONATE) == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         user.length > 0 ? "--user: an id of 1 to 128 bytes"
                                         : "--user is missing: whose token is it? (A service's "
                                           "needs the scope impersonate.)");
    }
    if (name.length > ACCESS_GRANT_NAME_BYTES_MAX || !access_is_printable(name)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--name: one word of at most 64 printable ASCII characters");
    }
    CHECK(text_to_c_string(user, grant->user, sizeof(grant->user)));
    CHECK(text_to_c_string(name, grant->name, sizeof(grant->name)));
    grant->created_ms = clock_wall_ms();
    grant->expires_ms = lifetime_ms > 0 ? grant->created_ms + lifetime_ms : ACCESS_NEVER_MS;
    return STATUS_OK;
}

static enum status hand_out(struct session *session, const char *token)
{
    struct text to = config_text(session->config, "to");
    if (to.length == 0) {
        (void)fprintf(session->input->output, "%s\n", token); /* found when the command ends */
        return STATUS_OK;
    }
    struct text content = arena_format(&session->arena, "%s\n", token);
    return content.data != NULL ? access_file_create(&session->call, to.data, content)
                                : STATUS_RESOURCE_EXHAUSTED;
}

/* The token is handed out first: one that is in the file and known to nobody would be of no use. */
static enum status create(struct session *session, struct access_grant_list *list)
{
    struct access_grant grant = {.scopes = 0};
    char token[ACCESS_TOKEN_BYTES];
    enum status status = fill_grant(session, &grant);
    if (status != STATUS_OK) {
        return status;
    }
    access_token_draw(token);
    access_digest(text_of(token), grant.digest);
    status = access_grant_list_add(&session->call, list, &grant);
    if (status == STATUS_OK) {
        status = access_grant_list_write(&session->call, file_of(session), list);
    }
    if (status == STATUS_OK) {
        status = hand_out(session, token);
    }
    explicit_bzero(token, sizeof(token));
    return status;
}

/* Where the only token is whose id begins so. */
static enum status find(struct session *session, const struct access_grant_list *list,
                        struct text wanted, size_t *ret_at)
{
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++) {
        char digits[ID_DIGITS];
        struct text id = id_of(&list->grants[i], digits);
        if (wanted.length >= ID_DIGITS_MIN &&
            text_equal_ignoring_case(text_slice(id, 0, wanted.length), wanted)) {
            *ret_at = i;
            found++;
        }
    }
    return found == 1 ? STATUS_OK
                      : call_fail(&session->call, STATUS_NOT_FOUND,
                                  found == 0 ? "there is no token '%.*s'"
                                             : "there are several tokens '%.*s…'",
                                  TEXT_ARGUMENTS(wanted));
}

static enum status revoke(struct session *session, struct access_grant_list *list)
{
    size_t count = config_argument_count(session->config);
    enum status status = count > 1 ? STATUS_OK
                                   : call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                                               "revoke: which? (marquee token list)");
    for (size_t i = 1; i < count && status == STATUS_OK; i++) {
        size_t at = 0;
        status = find(session, list, config_argument(session->config, i), &at);
        if (status == STATUS_OK) {
            memmove(&list->grants[at], &list->grants[at + 1],
                    (--list->count - at) * sizeof(list->grants[0]));
        }
    }
    return status == STATUS_OK ? access_grant_list_write(&session->call, file_of(session), list)
                               : status;
}

static bool is_wanted(const struct session *session, const struct access_grant *grant)
{
    struct text user = config_text(session->config, "user");
    return user.length == 0 || text_equal(user, text_of(grant->user));
}

static struct text time_text(int64_t wall_ms, char buffer[static CLOCK_TIME_TEXT_BYTES])
{
    return wall_ms == ACCESS_NEVER_MS ? TEXT("never") : clock_format(wall_ms, buffer);
}

static void print_row(FILE *output, const struct access_grant *grant)
{
    char id[ID_DIGITS];
    char scopes[ACCESS_SCOPES_TEXT_BYTES];
    char created[CLOCK_TIME_TEXT_BYTES];
    char expires[CLOCK_TIME_TEXT_BYTES];
    /* A failed write is found when the command ends. */
    (void)fprintf(output, "%.*s  %-12.*s  %.*s  %.*s  ", TEXT_ARGUMENTS(id_of(grant, id)),
                  TEXT_ARGUMENTS(access_scopes_format(grant->scopes, scopes)),
                  TEXT_ARGUMENTS(time_text(grant->created_ms, created)),
                  TEXT_ARGUMENTS(time_text(grant->expires_ms, expires)));
    terminal_print(output, grant->user[0] != '\0' ? text_of(grant->user) : TEXT("-"));
    (void)fprintf(output, "  %s\n", grant->name);
}

static void write_row(struct json_writer *writer, const struct access_grant *grant)
{
    char id[ID_DIGITS];
    char scopes[ACCESS_SCOPES_TEXT_BYTES];
    char time[CLOCK_TIME_TEXT_BYTES];
    json_open_object(writer);
    json_member_string(writer, "id", id_of(grant, id));
    json_member_string(writer, "scopes", access_scopes_format(grant->scopes, scopes));
    if (grant->user[0] != '\0') {
        json_member_string(writer, "userId", text_of(grant->user));
    }
    json_member_string(writer, "created", time_text(grant->created_ms, time));
    if (grant->expires_ms != ACCESS_NEVER_MS) {
        json_member_string(writer, "expires", time_text(grant->expires_ms, time));
    }
    json_member_string(writer, "name", text_of(grant->name));
    json_close_object(writer);
}

static enum status list_json(struct session *session, const struct access_grant_list *list)
{
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, LIST_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_write_name(&writer, TEXT("tokens"));
    json_open_array(&writer);
    for (size_t i = 0; i < list->count; i++) {
        if (is_wanted(session, &list->grants[i])) {
            write_row(&writer, &list->grants[i]);
        }
    }
    json_close_array(&writer);
    json_close_object(&writer);
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    if (json_writer_end(&writer)) {
        (void)fprintf(session->input->output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
        status = STATUS_OK;
    }
    buffer_deinit(&buffer);
    return status;
}

static enum status list_all(struct session *session, struct access_grant_list *list)
{
    if (config_boolean(session->config, "json")) {
        return list_json(session, list);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (is_wanted(session, &list->grants[i])) {
            print_row(session->input->output, &list->grants[i]);
        }
    }
    return STATUS_OK;
}

/* Two who change the file at once would lose what one of them did. */
static enum status change(struct session *session,
                          enum status (*body)(struct session *, struct access_grant_list *))
{
    struct access_grant_list list = {.count = 0};
    int lock;
    enum status status = access_file_lock(&session->call, file_of(session), &lock);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_list(session, &list);
    if (status == STATUS_OK) {
        status = body(session, &list);
    }
    access_grant_list_deinit(&list);
    access_file_unlock(lock);
    return status;
}

static enum status run_token(struct session *session)
{
    struct text action = config_argument(session->config, 0);
    if (text_equal(action, TEXT("revoke"))) {
        return change(session, revoke);
    }
    if (config_argument_count(session->config) > 1) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "only revoke takes ids");
    }
    if (text_equal(action, TEXT("create"))) {
        return change(session, create);
    }
    if (text_equal(action, TEXT("list"))) {
        struct access_grant_list list = {.count = 0};
        enum status status = read_list(session, &list);
        status = status == STATUS_OK ? list_all(session, &list) : status;
        access_grant_list_deinit(&list);
        return status;
    }
    return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                     "'%.*s' is neither create nor list nor revoke", TEXT_ARGUMENTS(action));
}

int token_command(const struct command_input *input)
{
    return session_run(input, &program, run_token);
}
