/* marquee review put, show, list, delete. */
#include "base/buffer.h"
#include "marquee/byte_source.h"
#include "marquee/review_text.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "review/model/review.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

static const struct config_option options[] = {
    {.name = "file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "put: the text, in place of TEXT; - is standard input"},
    {.name = "spoiler",
     .kind = CONFIG_BOOLEAN,
     .help = "put: the review tells how the story ends; list: show those too"},
    {.name = "user", .kind = CONFIG_TEXT, .argument = "USER", .help = "list: whose reviews"},
    {.name = "order",
     .kind = CONFIG_CHOICE,
     .argument = "newest|likes",
     .default_value = "newest",
     .help = "list MOVIE: what comes first"},
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "0",
     .help = "list: at most so many; 0 for all"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee review",
    SESSION_PROGRAM,
    .summary = "marquee review: write, show, list or delete reviews of movies.",
    .usage = "[OPTIONS] put USER MOVIE TEXT | put USER MOVIE --file FILE | show USER MOVIE |\n"
             "       delete USER MOVIE | list MOVIE | list --user USER",
    .epilogue =
        "A user has one review of a movie: put replaces it. A text is plain, of 1 to 10,000\n"
        "characters; a file's line ends may be those of Windows. Lists keep spoilers\n"
        "to themselves; list --json prints one page a line. marquee like USER MOVIE\n"
        "--review-of AUTHOR likes a review.\n\n" //
    COMMAND_EXIT_STATUS_HELP "\nexample: marquee review put alice tt0133093 'Still holds up.'\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 4,
};

static bool wants_json(const struct session *session)
{
    return config_boolean(session->config, "json");
}

/* The text as it is, line by line. */
static void print_text(FILE *output, struct text text)
{
    while (text.data != NULL) {
        struct text line = text_next(&text, '\n');
        if (line.length > 0) {
            terminal_print_wrapped(output, line, "  ", terminal_text_columns(output));
        } else {
            (void)fputc('\n', output);
        }
    }
}

/* heading: who, or what it is about. */
static void print_review(FILE *output, struct text heading, const Review *review, bool is_open)
{
    (void)fputs(terminal_colour(output, TERMINAL_BOLD), output);
    terminal_print(output, heading);
    (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    (void)fputs("  ", output);
    terminal_print(output, proto_text(review->created_time));
    if (review->edited_time.len > 0) {
        (void)fputs(", edited ", output);
        terminal_print(output, proto_text(review->edited_time));
    }
    if (review->like_count > 0) {
        (void)fprintf(output, ", %u like%s it", review->like_count,
                      review->like_count == 1 ? "s" : "");
    }
    (void)fputs(review->spoiler ? ", spoiler\n" : "\n", output);
    if (is_open || !review->spoiler) {
        print_text(output, proto_text(review->text));
    } else {
        (void)fputs("  (it tells how the story ends: --spoiler shows it)\n", output);
    }
}

static enum status read_text(struct session *session, struct text *ret_text)
{
    const struct config *config = session->config;
    struct call *call = &session->call;
    struct buffer bytes;
    if (!config_is_given(config, "file")) {
        *ret_text = config_argument(config, 3);
        return STATUS_OK;
    }
    buffer_init(&bytes, FILE_BYTES_MAX);
    enum status status = file_source_read_all(call, config_text(config, "file").data, &bytes);
    if (status == STATUS_OK) {
        *ret_text = review_text_lines(&session->arena, buffer_text(&bytes));
        status = ret_text->data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    }
    buffer_deinit(&bytes);
    return status;
}

static enum status put(struct session *session)
{
    PutMovieReviewRequest request = PUT_MOVIE_REVIEW_REQUEST__INIT;
    ProtobufCMessage *message;
    struct review review = {
        .key = {.record = {RECORD_TYPE_MOVIE, config_argument(session->config, 2)},
                .user = config_argument(session->config, 1)},
        .spoiler = config_boolean(session->config, "spoiler"),
    };
    enum status status = read_text(session, &review.text);
    if (status == STATUS_OK) {
        status = review_validate(&session->call, &review);
    }
    if (status != STATUS_OK) {
        return status;
    }
    request.user_id = proto_bytes(review.key.user);
    request.movie_id = proto_bytes(review.key.record.id);
    request.text = proto_bytes(review.text);
    request.spoiler = review.spoiler;
    status = session_ask_once(session, SESSION_MOVIE, "/MovieService/PutReview", &request.base,
                              &put_movie_review_response__descriptor, &message);
    return status == STATUS_OK ? session_print_done(session, message) : status;
}

static enum status show(struct session *session)
{
    GetMovieReviewRequest request = GET_MOVIE_REVIEW_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(config_argument(session->config, 1));
    request.movie_id = proto_bytes(config_argument(session->config, 2));
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/GetReview", &request.base,
                         &get_movie_review_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (wants_json(session)) {
        return session_print_json(session, &session->call, message);
    }
    const Review *review = ((const GetMovieReviewResponse *)message)->review;
    if (review != NULL) {
        print_review(session->input->output, proto_text(review->user_id), review, true);
    }
    return STATUS_OK;
}

static enum status delete_review(struct session *session)
{
    DeleteMovieReviewRequest request = DELETE_MOVIE_REVIEW_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(config_argument(session->config, 1));
    request.movie_id = proto_bytes(config_argument(session->config, 2));
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/DeleteReview", &request.base,
                         &delete_movie_review_response__descriptor, &message);
    return status == STATUS_OK ? session_print_done(session, message) : status;
}

/* A list that is being printed. */
struct listing {
    int64_t left; /* 0: all */
    uint64_t count;
};

static int32_t page_size(const struct listing *listing)
{
    return listing->left > 0 && listing->left < REVIEW_PAGE_SIZE_MAX ? (int32_t)listing->left
                                                                     : REVIEW_PAGE_SIZE_MAX;
}

/* What comes next, when so many were shown. */
static struct text next_token(struct listing *listing, size_t count, ProtobufCBinaryData token)
{
    bool is_limited = listing->left > 0;
    listing->count += count;
    listing->left -= is_limited ? (int64_t)count : 0;
    return is_limited && listing->left <= 0 ? TEXT("") : proto_text(token);
}

static enum status list_page_of_movie(struct session *session, void *state,
                                      struct session_page *page)
{
    ListMovieReviewsRequest request = LIST_MOVIE_REVIEWS_REQUEST__INIT;
    ProtobufCMessage *message;
    struct listing *listing = state;
    request.movie_id = proto_bytes(config_argument(session->config, 1));
    request.order = text_equal(config_text(session->config, "order"), TEXT("likes"))
                        ? REVIEW_ORDER__REVIEW_MOST_LIKED
                        : REVIEW_ORDER__REVIEW_NEWEST;
    request.page_size = page_size(listing);
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_MOVIE, "/MovieService/ListReviews", &request.base,
                    &list_movie_reviews_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListMovieReviewsResponse *response = (const ListMovieReviewsResponse *)message;
    page->next = next_token(listing, response->n_reviews, response->next_page_token);
    if (wants_json(session)) {
        return session_print_json(session, &page->call, message);
    }
    for (size_t i = 0; i < response->n_reviews; i++) {
        print_review(session->input->output, proto_text(response->reviews[i]->user_id),
                     response->reviews[i], config_boolean(session->config, "spoiler"));
    }
    return STATUS_OK;
}

static void print_of_user(const struct session *session, const MovieReview *entry)
{
    if (entry->review != NULL) {
        struct text heading =
            entry->title.len > 0 ? proto_text(entry->title) : proto_text(entry->review->record_id);
        print_review(session->input->output, heading, entry->review,
                     config_boolean(session->config, "spoiler"));
    }
}

static enum status list_page_of_user(struct session *session, void *state,
                                     struct session_page *page)
{
    ListUserMovieReviewsRequest request = LIST_USER_MOVIE_REVIEWS_REQUEST__INIT;
    ProtobufCMessage *message;
    struct listing *listing = state;
    request.user_id = proto_bytes(config_text(session->config, "user"));
    request.page_size = page_size(listing);
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_MOVIE, "/MovieService/ListUserReviews",
                    &request.base, &list_user_movie_reviews_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListUserMovieReviewsResponse *response = (const ListUserMovieReviewsResponse *)message;
    page->next = next_token(listing, response->n_reviews, response->next_page_token);
    if (wants_json(session)) {
        return session_print_json(session, &page->call, message);
    }
    for (size_t i = 0; i < response->n_reviews; i++) {
        print_of_user(session, response->reviews[i]);
    }
    return STATUS_OK;
}

static enum status list(struct session *session, bool is_of_user)
{
    struct listing listing = {.left = config_integer(session->config, "limit")};
    enum status status =
        session_each_page(session, is_of_user ? list_page_of_user : list_page_of_movie, &listing);
    return status == STATUS_OK && listing.count == 0
               ? call_fail(&session->call, STATUS_NOT_FOUND, "there are no reviews")
               : status;
}

static enum status run(struct session *session)
{
    const struct config *config = session->config;
    struct text verb = config_argument(config, 0);
    size_t count = config_argument_count(config);
    bool is_of_user = config_is_given(config, "user");
    if (text_equal(verb, TEXT("put")) && count == (config_is_given(config, "file") ? 3 : 4)) {
        return put(session);
    }
    if (text_equal(verb, TEXT("show")) && count == 3) {
        return show(session);
    }
    if (text_equal(verb, TEXT("delete")) && count == 3) {
        return delete_review(session);
    }
    if (text_equal(verb, TEXT("list")) && count == (is_of_user ? 1 : 2)) {
        return list(session, is_of_user);
    }
    return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                     "this is not how '%.*s' is used: usage: %s %s", TEXT_ARGUMENTS(verb),
                     program.name, program.usage);
}

int review_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}
