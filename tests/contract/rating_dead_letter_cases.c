/* The cases about dead letters: kept until they are settled. */
#include "contract/rating_case.h"

static const struct rating_dead_letter letters[] = {
    {.topic = TEXT_INIT("ratings"),
     .partition = 2,
     .offset = 7,
     .reason = TEXT_INIT("not JSON"),
     .payload = TEXT_INIT("{\0}"),
     .time_ms = 1234},
    {.topic = TEXT_INIT("ratings"), .partition = 2, .offset = 8, .reason = TEXT_INIT("no user")},
    {.topic = TEXT_INIT("ratings"), .partition = -1, .offset = 7, .reason = TEXT_INIT("other")},
};

static struct rating_dead_letter_key key_of(const struct rating_dead_letter *letter)
{
    return (struct rating_dead_letter_key){letter->topic, letter->partition, letter->offset};
}

static void put_letters(struct rating_case *self)
{
    const struct rating_batch batch = {.dead_letters = letters,
                                       .dead_letter_count = ARRAY_LENGTH(letters)};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
}

static enum status get(struct rating_case *self, const struct rating_dead_letter *wanted,
                       struct rating_dead_letter *ret_letter)
{
    const struct rating_dead_letter_key key = key_of(wanted);
    return self->repository.ops->get_dead_letter(self->repository.state, self->call, &key,
                                                 ret_letter);
}

static size_t count_letters(struct rating_case *self)
{
    struct rating_dead_letter *page;
    size_t count;
    assert_int_equal(self->repository.ops->list_dead_letters(self->repository.state, self->call,
                                                             NULL, 100, &page, &count),
                     STATUS_OK);
    return count;
}

static void letter_is_found(struct rating_case *self)
{
    struct rating_dead_letter letter;
    assert_int_equal(get(self, &letters[0], &letter), STATUS_NOT_FOUND);
    assert_int_equal(self->call->error.message.length, 0);
    put_letters(self);
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++) {
        assert_int_equal(get(self, &letters[i], &letter), STATUS_OK);
        assert_true(text_equal(letter.topic, letters[i].topic));
        assert_int_equal(letter.partition, letters[i].partition);
        assert_int_equal(letter.offset, letters[i].offset);
        assert_true(text_equal(letter.reason, letters[i].reason));
        assert_true(text_equal(letter.payload, letters[i].payload));
        assert_int_equal(letter.time_ms, letters[i].time_ms);
    }
    const struct rating_dead_letter other = {.topic = TEXT("ratings"), .partition = 2, .offset = 9};
    assert_int_equal(get(self, &other, &letter), STATUS_NOT_FOUND);
}

static void settled_letters_are_gone(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_dead_letter_key settled[] = {
        key_of(&letters[0]),
        {TEXT("ratings"), 5, 5}, /* never was one */
        key_of(&letters[2]),
        key_of(&letters[0]), /* twice */
    };
    const struct rating_batch batch = {
        .changes = &change,
        .change_count = 1,
        .settled = settled,
        .settled_count = ARRAY_LENGTH(settled),
    };
    struct rating_dead_letter letter;
    struct vote vote;
    put_letters(self);
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    assert_int_equal(get(self, &letters[0], &letter), STATUS_NOT_FOUND);
    assert_int_equal(get(self, &letters[1], &letter), STATUS_OK);
    assert_int_equal(get(self, &letters[2], &letter), STATUS_NOT_FOUND);
    assert_int_equal(count_letters(self), 1);
    assert_int_equal(rating_case_get_vote(self, &vote), STATUS_OK);
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK); /* settled before: passed over */
}

/* An event that was tried again and failed again. */
static void settled_and_put_again(struct rating_case *self)
{
    const struct rating_dead_letter again = {
        .topic = TEXT("ratings"), .partition = 2, .offset = 7, .reason = TEXT("still not JSON")};
    const struct rating_dead_letter_key settled = key_of(&again);
    const struct rating_batch batch = {
        .dead_letters = &again, .dead_letter_count = 1, .settled = &settled, .settled_count = 1};
    struct rating_dead_letter letter;
    put_letters(self);
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
    assert_int_equal(get(self, &again, &letter), STATUS_OK);
    assert_true(text_equal(letter.reason, TEXT("still not JSON")));
    assert_int_equal(count_letters(self), ARRAY_LENGTH(letters));
}

static void overlong_topics_are_refused(struct rating_case *self)
{
    char bytes[RATING_TOPIC_BYTES_MAX + 1];
    memset(bytes, 'x', sizeof(bytes));
    const struct text topic = text_of_bytes(bytes, sizeof(bytes));
    const struct rating_dead_letter letter = {.topic = topic};
    const struct rating_dead_letter_key settled = {.topic = topic};
    const struct rating_source source = {.topic = topic};
    const struct rating_change change = rating_case_put("user", "movie", 700);
    const struct rating_batch batches[] = {
        {.dead_letters = &letter, .dead_letter_count = 1},
        {.settled = &settled, .settled_count = 1},
        {.changes = &change, .change_count = 1, .source = &source},
    };
    struct rating_dead_letter found;
    for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
        assert_int_equal(rating_case_try(self, &batches[i]), STATUS_INVALID_ARGUMENT);
        call_clear_error(self->call);
        rating_case_assert_untouched(self);
    }
    assert_int_equal(get(self, &letter, &found), STATUS_INVALID_ARGUMENT);
}

const struct rating_contract_case rating_dead_letter_cases[] = {
    {.name = "letter_is_found", .run = letter_is_found},
    {.name = "settled_letters_are_gone", .run = settled_letters_are_gone},
    {.name = "settled_and_put_again", .run = settled_and_put_again},
    {.name = "overlong_topics_are_refused", .run = overlong_topics_are_refused},
    {.name = NULL},
};
