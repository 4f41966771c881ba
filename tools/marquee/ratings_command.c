/* marquee ratings: all votes of a user. */
#include "marquee/log_position.h"
#include "marquee/rating_scale.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "proto/proto.h"
#include "rating.pb-c.h"
#include "rating/model/rating.h"

enum { TYPE_COLUMN = 12, RECORD_COLUMN = 16, PROVIDER_COLUMN = 12 };

static const struct config_option options[] = {RATING_SCALE_OPTION, LOG_POSITION_OPTION,
                                               SESSION_JSON_OPTION};

static const struct config_program program = {
    .name = "marquee ratings",
    SESSION_PROGRAM,
    .summary = "marquee ratings: list a user's votes, over all providers.",
    .usage = "[OPTIONS] USER",
    .epilogue = "--json prints one page a line.\n\n" COMMAND_EXIT_STATUS_HELP
                "\nexample: marquee ratings sample-004\n"
                "         marquee ratings --scale 5 ann\n"
                "         marquee ratings --after 2:17 ann\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static void print_value(FILE *output, const Rating *rating, struct text scale)
{
    char buffer[RATING_SCALE_TEXT_BYTES];
    if (text_equal(scale, TEXT("10"))) {
        (void)fprintf(output, "%5.2f  ", rating->rating_value);
        return;
    }
    int32_t hundredths = rating->exact_value != NULL ? rating->exact_value->hundredths : 0;
    struct text value = rating_scale_format(scale, hundredths, buffer);
    (void)fprintf(output, "%6.*s  ", TEXT_ARGUMENTS(value));
}

static void print_rows(FILE *output, const ListUserRatingsResponse *page, struct text scale)
{
    for (size_t i = 0; i < page->n_ratings; i++) {
        const Rating *rating = page->ratings[i];
        terminal_print_padded(output, proto_text(rating->record_type), TYPE_COLUMN);
        terminal_print_padded(output, proto_text(rating->record_id), RECORD_COLUMN);
        print_value(output, rating, scale);
        terminal_print_padded(
            output, rating->provider_id.len > 0 ? proto_text(rating->provider_id) : TEXT("-"),
            PROVIDER_COLUMN);
        terminal_print(output, proto_text(rating->event_time));
        (void)fputc('\n', output);
    }
}

static enum status list_page(struct session *session, void *state, struct session_page *page)
{
    ListUserRatingsRequest request = LIST_USER_RATINGS_REQUEST__INIT;
    ProtobufCMessage *message;
    uint64_t *count = state;
    request.user_id = proto_bytes(config_argument(session->config, 0));
    request.page_size = RATING_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status = log_position_read(session, &request.after);
    if (status == STATUS_OK) {
        status = session_ask(session, &page->call, SESSION_RATING, "/RatingService/ListUserRatings",
                             &request.base, &list_user_ratings_response__descriptor, &message);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const ListUserRatingsResponse *response = (const ListUserRatingsResponse *)message;
    page->next = proto_text(response->next_page_token);
    *count += response->n_ratings;
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &page->call, message);
    }
    print_rows(session->input->output, response, config_text(session->config, "scale"));
    return STATUS_OK;
}

static enum status list(struct session *session)
{
    uint64_t count = 0;
    enum status status = session_each_page(session, list_page, &count);
    if (status == STATUS_OK && count == 0) {
        return call_fail(&session->call, STATUS_NOT_FOUND, "there are no votes of this user");
    }
    return status;
}

int ratings_command(const struct command_input *input)
{
    return session_run(input, &program, list);
}
