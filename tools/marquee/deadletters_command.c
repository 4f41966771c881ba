/* marquee deadletters: the events that could not be applied: listed, shown, and tried again. */
#include "marquee/dead_letter_retry.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "proto/proto.h"
#include "rating.pb-c.h"
#include "rating/model/rating.h"

enum { PAYLOAD_BYTES_SHOWN = 60 };

static const struct config_option options[] = {
    DEAD_LETTER_RETRY_OPTIONS,
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee deadletters",
    SESSION_PROGRAM,
    .summary = "marquee deadletters: the events that could not be applied, and why.",
    .usage = "[OPTIONS] [list | show TOPIC/PARTITION@OFFSET | retry TOPIC/PARTITION@OFFSET | "
             "retry --all]",
    .epilogue =
        "list (the default) prints one a line: topic/partition@offset, time, reason, and how the\n"
        "event begins. With --json it prints one page a line, with the whole events.\n\n"
        "show prints all of one, its event as it came.\n\n"
        "retry reads an event again and applies it: after a change of the service that now\n"
        "understands it, or mended by --event or --edit. The dead letter goes in the same\n"
        "transaction. What fails again stays, with the reason of this "
        "time.\n\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee deadletters\n"
        "         marquee deadletters show ratings/3@1207 | tail -n +4 >event.json\n"
        "         marquee deadletters retry --edit event.json ratings/3@1207\n"
        "         marquee deadletters retry --all\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_max = 2,
};

static void print_head(FILE *output, const DeadLetter *letter, const char *separator)
{
    terminal_print(output, proto_text(letter->topic));
    (void)fprintf(output, "/%d@%lld%s", letter->partition, (long long)letter->offset, separator);
    terminal_print(output, proto_text(letter->time));
    (void)fputs(separator, output);
    terminal_print(output, proto_text(letter->reason));
    (void)fputs(separator, output);
}

static void print_rows(FILE *output, const ListDeadLettersResponse *page)
{
    for (size_t i = 0; i < page->n_dead_letters; i++) {
        const DeadLetter *letter = page->dead_letters[i];
        struct text payload = proto_text(letter->payload);
        print_head(output, letter, "  ");
        terminal_print(output, text_slice(payload, 0, PAYLOAD_BYTES_SHOWN));
        (void)fputs(payload.length > PAYLOAD_BYTES_SHOWN ? "...\n" : "\n", output);
    }
}

static enum status list_page(struct session *session, void *state, struct session_page *page)
{
    ListDeadLettersRequest request = LIST_DEAD_LETTERS_REQUEST__INIT;
    ProtobufCMessage *message;
    (void)state;
    request.page_size = RATING_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_RATING, "/RatingService/ListDeadLetters",
                    &request.base, &list_dead_letters_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListDeadLettersResponse *response = (const ListDeadLettersResponse *)message;
    page->next = proto_text(response->next_page_token);
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &page->call, message);
    }
    print_rows(session->input->output, response);
    return STATUS_OK;
}

static enum status show(struct session *session, const struct dead_letter_place *place)
{
    GetDeadLetterRequest request = GET_DEAD_LETTER_REQUEST__INIT;
    ProtobufCMessage *message;
    request.topic = proto_bytes(place->topic);
    request.partition = place->partition;
    request.offset = place->offset;
    enum status status =
        session_ask_once(session, SESSION_RATING, "/RatingService/GetDeadLetter", &request.base,
                         &get_dead_letter_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    const DeadLetter *letter = ((const GetDeadLetterResponse *)message)->dead_letter;
    FILE *output = session->input->output;
    if (letter == NULL) {
        return call_fail(&session->call, STATUS_INTERNAL, "the reply has no dead letter in it");
    }
    print_head(output, letter, "\n");
    /* The event as it came, so that it can be mended; a failed write is found in the end. */
    (void)fwrite(letter->payload.data, 1, letter->payload.len, output);
    (void)fputc('\n', output);
    return STATUS_OK;
}

static enum status run(struct session *session)
{
    struct dead_letter_place place = {.topic = TEXT("")};
    size_t count = config_argument_count(session->config);
    struct text verb = count > 0 ? config_argument(session->config, 0) : TEXT("list");
    bool is_list = text_equal(verb, TEXT("list"));
    bool is_show = text_equal(verb, TEXT("show"));
    bool is_all = config_boolean(session->config, "all");
    if (!is_list && !is_show && !text_equal(verb, TEXT("retry"))) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not list, show or retry", TEXT_ARGUMENTS(verb));
    }
    bool wants_place = !is_list && !(is_all && !is_show);
    if (count > 1 && !wants_place) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "%s takes no dead letter",
                         is_list ? "list" : "retry --all");
    }
    if (wants_place) {
        enum status status = dead_letter_place_read(
            session, count > 1 ? config_argument(session->config, 1) : TEXT(""), &place);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (is_list) {
        return session_each_page(session, list_page, NULL);
    }
    if (is_show) {
        return show(session, &place);
    }
    return is_all ? dead_letter_retry_all(session) : dead_letter_retry(session, &place);
}

int deadletters_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
