/* Dead letters that are looked at and tried again. */
#include "base/arena.h"
#include "rating/controller/rating_controller.h"
#include "rating/controller/rating_page_token.h"
#include "rating/model/rating_event.h"
#include "rating/model/rating_held.h"

/* The letters of one page, and one event as it is decoded. */
enum { PAGE_ARENA_BYTES_MAX = 16 * 1024 * 1024, EVENT_ARENA_BYTES_MAX = 4 * 1024 * 1024 };

static enum status key_validate(struct call *call, const struct rating_dead_letter_key *key)
{
    if (key->topic.length == 0 || key->topic.length > RATING_TOPIC_BYTES_MAX ||
        !text_is_clean(key->topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a topic has 1 to %d bytes of UTF-8",
                         RATING_TOPIC_BYTES_MAX);
    }
    if (key->partition < 0 || key->offset < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "partition and offset must not be negative");
    }
    return STATUS_OK;
}

enum status rating_controller_get_dead_letter(struct rating_controller *self, struct call *call,
                                              const struct rating_dead_letter_key *key,
                                              struct rating_dead_letter *ret_letter)
{
    enum status status = key_validate(call, key);
    if (status == STATUS_OK) {
        status =
            self->repository.ops->get_dead_letter(self->repository.state, call, key, ret_letter);
    }
    if (status == STATUS_NOT_FOUND) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no dead letter %.*s/%d@%lld",
                         TEXT_ARGUMENTS(key->topic), key->partition, (long long)key->offset);
    }
    return status;
}

static struct rating_dead_letter_key key_of(const struct rating_dead_letter *letter)
{
    return (struct rating_dead_letter_key){letter->topic, letter->partition, letter->offset};
}

/* Letters of one partition that are tried again. */
struct retry {
    struct call *call; /* its arena keeps all of it */
    struct rating_change *changes;
    struct rating_dead_letter_key *settled;
    size_t settled_count;               /* and changes */
    struct rating_dead_letter *refused; /* whose reason is another one now */
    size_t refused_count;
    size_t failed; /* these, and those of the same reason as before */
};

static bool retry_init(struct retry *retry, struct call *call, size_t count)
{
    *retry = (struct retry){.call = call};
    retry->changes = arena_calloc(call->arena, count, sizeof(*retry->changes));
    retry->settled = arena_calloc(call->arena, count, sizeof(*retry->settled));
    retry->refused = arena_calloc(call->arena, count, sizeof(*retry->refused));
    return retry->changes != NULL && retry->settled != NULL && retry->refused != NULL;
}

static bool keep(struct retry *retry, struct text *text)
{
    *text = arena_copy(retry->call->arena, *text);
    return text->data != NULL;
}

static bool keep_change(struct retry *retry, const struct rating_dead_letter *letter,
                        struct rating_change change)
{
    change.offset = letter->offset;
    if (!change.has_time) {
        change.has_time = true;
        change.time_ms = letter->time_ms;
    }
    bool kept = keep(retry, &change.key.user) && keep(retry, &change.key.record.id) &&
                keep(retry, &change.key.provider) && keep(retry, &change.event_id);
    retry->settled[retry->settled_count] = key_of(letter);
    retry->changes[retry->settled_count++] = change;
    return kept;
}

/* *ret_reason: empty, or why not; valid in the retry's arena. false: no room. */
static bool try_event(struct retry *retry, const struct rating_dead_letter *letter,
                      struct text event, struct text *ret_reason)
{
    struct arena arena;
    struct rating_change change;
    arena_init(&arena, EVENT_ARENA_BYTES_MAX);
    struct call decoding = *retry->call;
    decoding.arena = &arena;
    decoding.error = (struct call_error){.message = TEXT("")};
    *ret_reason = TEXT("");
    bool fits;
    if (rating_event_decode(&decoding, event, &change) == STATUS_OK) {
        fits = keep_change(retry, letter, change);
    } else {
        *ret_reason = decoding.error.message;
        fits = keep(retry, ret_reason);
    }
    arena_deinit(&arena);
    return fits;
}

static bool try_letter(struct retry *retry, const struct rating_dead_letter *letter)
{
    struct text reason;
    bool fits = try_event(retry, letter, letter->payload, &reason);
    if (fits && reason.length > 0) {
        retry->failed++;
        if (!text_equal(reason, letter->reason)) {
            retry->refused[retry->refused_count] = *letter;
            retry->refused[retry->refused_count++].reason = reason;
        }
    }
    return fits;
}

static enum status apply(const struct rating_controller *self, const struct retry *retry,
                         const struct rating_dead_letter *letter)
{
    const struct rating_source source = {letter->topic, letter->partition};
    const struct rating_batch batch = {
        .changes = retry->changes,
        .change_count = retry->settled_count,
        .dead_letters = retry->refused,
        .dead_letter_count = retry->refused_count,
        .settled = retry->settled,
        .settled_count = retry->settled_count,
        .source = &source,
    };
    if (retry->settled_count + retry->refused_count == 0) {
        return STATUS_OK;
    }
    return self->repository.ops->apply(self->repository.state, retry->call, &batch);
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the events are too large");
}

enum status rating_controller_retry_dead_letter(struct rating_controller *self, struct call *call,
                                                const struct rating_dead_letter_key *key,
                                                struct text event, struct text *ret_reason)
{
    struct rating_dead_letter letter;
    struct retry retry;
    struct text reason = TEXT("");
    enum status status = rating_controller_get_dead_letter(self, call, key, &letter);
    if (status != STATUS_OK) {
        return status;
    }
    bool fits = retry_init(&retry, call, 1);
    if (fits && event.length > 0) {
        fits = try_event(&retry, &letter, event, &reason);
    } else if (fits) {
        fits = try_letter(&retry, &letter);
        reason = retry.refused_count > 0 ? retry.refused[0].reason
                 : retry.failed > 0      ? letter.reason
                                         : reason;
    }
    status = fits ? apply(self, &retry, &letter) : no_room(call);
    if (status == STATUS_OK) {
        *ret_reason = reason;
    }
    return status;
}

/* As many as fit: *wanted of them, or all that there are. */
static enum status list_page(const struct rating_controller *self, struct call *call,
                             const struct rating_dead_letter_key *after, size_t *wanted,
                             struct rating_dead_letter **ret_letters, size_t *ret_count)
{
    for (;;) {
        enum status status = self->repository.ops->list_dead_letters(
            self->repository.state, call, after, *wanted, ret_letters, ret_count);
        if (status != STATUS_RESOURCE_EXHAUSTED || *wanted == 1) {
            return status;
        }
        *wanted /= 2;
        call_clear_error(call);
        arena_reset(call->arena);
    }
}

static size_t same_partition(const struct rating_dead_letter *letters, size_t count)
{
    size_t same = 1;
    while (same < count && letters[same].partition == letters[0].partition &&
           text_equal(letters[same].topic, letters[0].topic)) {
        same++;
    }
    return same;
}

static enum status retry_run(const struct rating_controller *self, struct call *call,
                             const struct rating_dead_letter *letters, size_t count,
                             struct rating_retried_page *page)
{
    struct retry retry;
    bool fits = retry_init(&retry, call, count);
    for (size_t i = 0; i < count && fits; i++) {
        fits = try_letter(&retry, &letters[i]);
    }
    enum status status = fits ? apply(self, &retry, &letters[0]) : no_room(call);
    if (status == STATUS_OK) {
        page->applied += retry.settled_count;
        page->failed += retry.failed;
    }
    return status;
}

static enum status retry_all(const struct rating_controller *self, struct call *call,
                             const struct rating_dead_letter *letters, size_t count,
                             struct rating_retried_page *page)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; at < count && status == STATUS_OK;) {
        size_t run = same_partition(&letters[at], count - at);
        status = retry_run(self, call, &letters[at], run, page);
        at += run;
    }
    return status;
}

enum status rating_controller_retry_dead_letters(struct rating_controller *self, struct call *call,
                                                 int32_t page_size, struct text page_token,
                                                 struct rating_retried_page *ret_page)
{
    struct rating_dead_letter_key after = {.partition = 0};
    enum status status = STATUS_OK;
    if (page_size < 0 || page_size > RATING_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RATING_PAGE_SIZE_MAX);
    }
    if (page_token.length > 0) {
        status = rating_dead_letter_token_read(call, page_token, &after);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct arena arena;
    struct rating_dead_letter *letters = NULL;
    size_t count = 0;
    size_t wanted = page_size > 0 ? (size_t)page_size : RATING_RETRY_PAGE_SIZE_DEFAULT;
    struct rating_retried_page page = {.next_page_token = TEXT("")};
    struct call listing = *call;
    arena_init(&arena, PAGE_ARENA_BYTES_MAX);
    listing.arena = &arena;
    status =
        list_page(self, &listing, page_token.length > 0 ? &after : NULL, &wanted, &letters, &count);
    while (status == STATUS_OK && count > 0 && rating_held_is_topic(letters[count - 1].topic)) {
        count--; /* held votes come last; they are released, not tried again */
    }
    if (status != STATUS_OK) {
        (void)call_fail(call, status, "%.*s", TEXT_ARGUMENTS(listing.error.message));
        (void)call_fail_detail(call, status, "%.*s", TEXT_ARGUMENTS(listing.error.detail));
    } else {
        status = retry_all(self, call, letters, count, &page);
    }
    if (status == STATUS_OK && count == wanted) {
        status = rating_dead_letter_token_write(call, &letters[count - 1], &page.next_page_token);
    }
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    arena_deinit(&arena);
    return status;
}
