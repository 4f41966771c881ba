/* marquee quarantine: votes of bursts: listed, released, rejected. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "proto/proto.h"
#include "rating.pb-c.h"
#include "rating/model/rating.h"

enum { RECORD_COLUMN = 16, USER_COLUMN = 20 };

static const struct config_option options[] = {
    {.name = "type",
     .kind = CONFIG_CHOICE,
     .argument = "movie|actor|soundtrack",
     .default_value = "movie",
     .help = "of --record: what it is"},
    {.name = "record",
     .kind = CONFIG_TEXT,
     .argument = "ID",
     .help = "only the votes on this record"},
    {.name = "all",
     .kind = CONFIG_BOOLEAN,
     .help = "of release and reject: the votes on all records"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee quarantine",
    SESSION_PROGRAM,
    .summary = "marquee quarantine: votes that came in a burst, held for review.",
    .usage = "[OPTIONS] [list | release | reject]",
    .epilogue = "list (the default) prints one a line: record, user, points, when it was cast, and "
                "why\nit is held. release has them count, as of when they were cast; a later vote "
                "of the\nsame user stands. reject forgets them. Both want --record or --all.\n\n"
                "Votes are held with --burst-guard quarantine of marquee up, or of the rating "
                "service.\n\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee quarantine\n"
                "         marquee quarantine --record tt0133093 reject\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_max = 1,
};

static void fill_request(const struct session *session, struct text token,
                         QuarantineRequest *request)
{
    struct text record = config_text(session->config, "record");
    quarantine_request__init(request);
    request->page_size = RATING_PAGE_SIZE_MAX;
    request->page_token = proto_bytes(token);
    if (record.length > 0) {
        request->record_id = proto_bytes(record);
        request->record_type = proto_bytes(config_text(session->config, "type"));
    }
}

static void print_votes(FILE *output, const ListQuarantineResponse *page)
{
    for (size_t i = 0; i < page->n_votes; i++) {
        const HeldVote *held = page->votes[i];
        const Rating *rating = held->rating;
        if (rating == NULL) {
            continue;
        }
        terminal_print_padded(output, proto_text(rating->record_id), RECORD_COLUMN);
        terminal_print_padded(output, proto_text(rating->user_id), USER_COLUMN);
        (void)fprintf(output, "%5.2f  ", rating->rating_value);
        terminal_print(output, proto_text(rating->event_time));
        (void)fputs("  ", output);
        terminal_print(output, proto_text(held->reason));
        (void)fputc('\n', output);
    }
}

static enum status list_page(struct session *session, void *state, struct session_page *page)
{
    ListQuarantineRequest request = LIST_QUARANTINE_REQUEST__INIT;
    QuarantineRequest held;
    ProtobufCMessage *message;
    (void)state;
    fill_request(session, page->token, &held);
    request.held = &held;
    enum status status =
        session_ask(session, &page->call, SESSION_RATING, "/RatingService/ListQuarantine",
                    &request.base, &list_quarantine_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListQuarantineResponse *response = (const ListQuarantineResponse *)message;
    page->next = proto_text(response->next_page_token);
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &page->call, message);
    }
    print_votes(session->input->output, response);
    return STATUS_OK;
}

/* How the holding of votes ends. */
struct ending {
    const char *done; /* what the votes were */
    bool is_release;
    uint64_t count; /* of the votes, over all pages */
};

static enum status end_page(struct session *session, void *state, struct session_page *page)
{
    struct ending *ending = state;
    ReleaseQuarantineRequest release = RELEASE_QUARANTINE_REQUEST__INIT;
    RejectQuarantineRequest reject = REJECT_QUARANTINE_REQUEST__INIT;
    QuarantineRequest held;
    ProtobufCMessage *message;
    fill_request(session, page->token, &held);
    release.held = &held;
    reject.held = &held;
    enum status status = session_ask(session, &page->call, SESSION_RATING,
                                     ending->is_release ? "/RatingService/ReleaseQuarantine"
                                                        : "/RatingService/RejectQuarantine",
                                     ending->is_release ? &release.base : &reject.base,
                                     ending->is_release ? &release_quarantine_response__descriptor
                                                        : &reject_quarantine_response__descriptor,
                                     &message);
    if (status == STATUS_OK && ending->is_release) {
        const ReleaseQuarantineResponse *response = (const ReleaseQuarantineResponse *)message;
        page->next = proto_text(response->next_page_token);
        ending->count += response->released;
    } else if (status == STATUS_OK) {
        const RejectQuarantineResponse *response = (const RejectQuarantineResponse *)message;
        page->next = proto_text(response->next_page_token);
        ending->count += response->rejected;
    }
    return status;
}

static enum status run(struct session *session)
{
    struct text verb = config_argument_count(session->config) > 0
                           ? config_argument(session->config, 0)
                           : TEXT("list");
    bool is_release = text_equal(verb, TEXT("release"));
    struct ending ending = {.is_release = is_release, .done = is_release ? "released" : "rejected"};
    if (text_equal(verb, TEXT("list"))) {
        return session_each_page(session, list_page, NULL);
    }
    if (!is_release && !text_equal(verb, TEXT("reject"))) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not list, release or reject", TEXT_ARGUMENTS(verb));
    }
    if (config_text(session->config, "record").length == 0 &&
        !config_boolean(session->config, "all")) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "%.*s which votes? --record ID, or --all", TEXT_ARGUMENTS(verb));
    }
    enum status status = session_each_page(session, end_page, &ending);
    if (status == STATUS_OK) {
        (void)fprintf(session->input->output,
                      config_boolean(session->config, "json") ? "{\"%s\":%llu}\n" : "%s %llu\n",
                      ending.done, (unsigned long long)ending.count);
    }
    return status;
}

int quarantine_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
