/* Bytes that are no snapshot, or one of something else. */
#include "recommend/recommend_snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "support/cmocka_test.h"

enum { BYTES_MAX = 64 * 1024, ARENA_BYTES_MAX = 1024 * 1024, USERS = 12, ITEMS = 6 };

static bool put(void *buffer, const void *bytes, size_t count)
{
    return buffer_append(buffer, text_of_bytes(bytes, count));
}

static bool get(void *rest, void *bytes, size_t count)
{
    struct text *left = rest;
    if (left->length < count) {
        return false;
    }
    memcpy(bytes, left->data, count);
    *left = text_slice(*left, count, left->length);
    return true;
}

static struct recommend_settings settings_of(uint32_t shrinkage)
{
    struct recommend_settings settings = recommend_settings_default();
    settings.shrinkage = shrinkage;
    settings.neighbours = 3;
    settings.user_votes_max = 4; /* so that some do not count */
    return settings;
}

static void vote(struct recommend_model *model, unsigned user, unsigned item)
{
    char names[2][8];
    (void)snprintf(names[0], sizeof(names[0]), "u%u", user);
    (void)snprintf(names[1], sizeof(names[1]), "i%u", item);
    const struct recommend_change change = {.user = text_of(names[0]),
                                            .item = text_of(names[1]),
                                            .hundredths =
                                                (int32_t)((user * 7 + item * 3) % 11) * 100};
    assert_int_equal(recommend_apply(model, &change), STATUS_OK);
}

/* With lists, and with some that wait. */
static void write_some(struct buffer *buffer)
{
    const struct recommend_settings settings = settings_of(5);
    struct recommend_model *model;
    assert_int_equal(recommend_model_create(&settings, &model), STATUS_OK);
    for (unsigned user = 0; user < USERS; user++) {
        for (unsigned item = user % 2; item < ITEMS; item++) {
            vote(model, user, item);
        }
    }
    assert_int_equal(recommend_refresh(model, UINT64_MAX), STATUS_OK);
    vote(model, 1, 0);
    vote(model, USERS, 1);
    assert_true(recommend_model_counts(model).waiting > 1);
    assert_int_equal(recommend_snapshot_write(model, (struct recommend_sink){put, buffer}),
                     STATUS_OK);
    recommend_model_destroy(model);
}

static enum status read_from(struct text bytes, uint32_t shrinkage,
                             struct recommend_model **ret_model)
{
    const struct recommend_settings settings = settings_of(shrinkage);
    return recommend_snapshot_read(&settings, (struct recommend_source){get, &bytes}, ret_model);
}

static void one_that_is_cut_short_is_refused(void **state)
{
    struct recommend_model *model;
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, BYTES_MAX);
    write_some(&buffer);
    struct text whole = buffer_text(&buffer);
    for (size_t length = 0; length < whole.length; length++) {
        assert_int_equal(read_from(text_slice(whole, 0, length), 5, &model), STATUS_DATA_LOSS);
    }
    assert_int_equal(read_from(whole, 5, &model), STATUS_OK);
    recommend_model_destroy(model);
    buffer_deinit(&buffer);
}

static void one_of_other_settings_is_refused(void **state)
{
    struct recommend_model *model;
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, BYTES_MAX);
    write_some(&buffer);
    assert_int_equal(read_from(buffer_text(&buffer), 6, &model), STATUS_FAILED_PRECONDITION);
    buffer_deinit(&buffer);
}

/* What cannot be told from a snapshot is a model that can be asked and changed as any. */
static void use(struct recommend_model *model)
{
    static struct recommend_answer answer;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    vote(model, 0, 1);
    vote(model, USERS + 1, 2);
    assert_int_equal(recommend_refresh(model, UINT64_MAX), STATUS_OK);
    assert_int_equal(recommend_similar(model, &arena, TEXT("i2"), 3, &answer), STATUS_OK);
    assert_int_equal(recommend_to_user(model, &arena, TEXT("u1"), 3, &answer), STATUS_OK);
    arena_deinit(&arena);
}

static void no_byte_of_it_does_harm(void **state)
{
    static const unsigned char changes[] = {0x01, 0x02, 0x10, 0x80, 0xff};
    struct buffer buffer;
    char bytes[BYTES_MAX];
    unsigned refused = 0;
    (void)state;
    buffer_init(&buffer, BYTES_MAX);
    write_some(&buffer);
    struct text whole = buffer_text(&buffer);
    memcpy(bytes, whole.data, whole.length);
    for (size_t at = 0; at < whole.length; at++) {
        for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
            struct recommend_model *model;
            bytes[at] = (char)(whole.data[at] ^ (char)changes[i]);
            enum status status = read_from(text_of_bytes(bytes, whole.length), 5, &model);
            if (status == STATUS_OK) {
                use(model);
                recommend_model_destroy(model);
            }
            refused += status != STATUS_OK;
            bytes[at] = whole.data[at];
        }
    }
    assert_true(refused > whole.length);
    buffer_deinit(&buffer);
}

static bool no_room(void *calls, const void *bytes, size_t count)
{
    unsigned *left = calls;
    (void)bytes;
    (void)count;
    assert_true(*left > 0); /* nothing more is put after a failure */
    return --*left > 0;
}

static void a_failure_to_write_is_told(void **state)
{
    const struct recommend_settings settings = settings_of(5);
    struct recommend_model *model;
    (void)state;
    assert_int_equal(recommend_model_create(&settings, &model), STATUS_OK);
    vote(model, 0, 0);
    for (unsigned calls = 1; calls < 9; calls++) {
        unsigned left = calls;
        assert_int_equal(recommend_snapshot_write(model, (struct recommend_sink){no_room, &left}),
                         STATUS_UNAVAILABLE);
    }
    recommend_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_cut_short_is_refused),
        cmocka_unit_test(one_of_other_settings_is_refused),
        cmocka_unit_test(no_byte_of_it_does_harm),
        cmocka_unit_test(a_failure_to_write_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
