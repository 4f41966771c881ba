/* marquee deadletters: the events that could not be applied. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "rating/model/rating.h"

enum { PAYLOAD_BYTES_SHOWN = 60 };

static const struct config_option options[] = {SESSION_JSON_OPTION};

static const struct config_program program = {
    .name = "marquee deadletters",
    SESSION_PROGRAM,
    .summary = "marquee deadletters: list the events that could not be applied, and why.",
    .usage = "[OPTIONS]",
    .epilogue =
        "One a line: topic/partition@offset, time, reason, and how the event begins. --json\n"
        "prints one page a line, with the whole events.\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee deadletters\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static void print_rows(FILE *output, const ListDeadLettersResponse *page)
{
    for (size_t i = 0; i < page->n_dead_letters; i++) {
        const DeadLetter *letter = page->dead_letters[i];
        struct text payload = proto_text(letter->payload);
        terminal_print(output, proto_text(letter->topic));
        (void)fprintf(output, "/%d@%lld  ", letter->partition, (long long)letter->offset);
        terminal_print(output, proto_text(letter->time));
        (void)fputs("  ", output);
        terminal_print(output, proto_text(letter->reason));
        (void)fputs("  ", output);
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

static enum status list(struct session *session)
{
    return session_each_page(session, list_page, NULL);
}

int deadletters_command(const struct command_input *input)
{
    return session_run(input, &program, list);
}
