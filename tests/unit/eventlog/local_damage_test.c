#include "local_damage_lmdb.h"
#include "local_trial.h"
#include "support/cmocka_test.h"

/* 2 chunks in each partition that holds keys. */
static void damage_and_read(struct local_trial *trial, const struct damage *damage)
{
    local_trial_produce(trial, 0, 20);
    local_trial_produce(trial, 20, 20);
    local_trial_close(trial);
    damage_log(trial->directory, damage);
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DATA_LOSS);
        assert_true(call.error.message.length > 0);
    }
    assert_true(trial->store.total < (size_t)LOCAL_TRIAL_KEYS * 40);
    consumer.ops->close(consumer.state);
}

static void finds_flipped_bit(struct local_trial *trial)
{
    damage_and_read(trial, &(struct damage){.kind = DAMAGE_FLIP, .entry = 'r', .byte = 30});
    assert_int_equal(trial->store.next_offset[0], 0);
}

static void finds_flipped_bit_later(struct local_trial *trial)
{
    damage_and_read(
        trial, &(struct damage){.kind = DAMAGE_FLIP, .entry = 'r', .from_end = true, .byte = 200});
}

static void finds_flipped_length(struct local_trial *trial)
{
    damage_and_read(trial,
                    &(struct damage){.kind = DAMAGE_FLIP, .entry = 'r', .number = 1, .byte = 4});
}

static void finds_missing_chunk(struct local_trial *trial)
{
    damage_and_read(trial, &(struct damage){.kind = DAMAGE_REMOVE, .entry = 'r'});
}

static void finds_missing_last_chunk(struct local_trial *trial)
{
    damage_and_read(trial, &(struct damage){.kind = DAMAGE_REMOVE, .entry = 'r', .from_end = true});
}

static void finds_damaged_bounds(struct local_trial *trial)
{
    damage_and_read(trial, &(struct damage){.kind = DAMAGE_FLIP, .entry = 'p', .byte = 20});
}

static void finds_damaged_topic(struct local_trial *trial)
{
    damage_and_read(trial, &(struct damage){.kind = DAMAGE_FLIP, .entry = 't', .byte = 8});
}

static void gives_what_is_before_the_damage(struct local_trial *trial)
{
    trial->options.partitions = 1;
    local_trial_close(trial);
    local_trial_open(trial);
    local_trial_produce(trial, 0, 1);
    local_trial_produce(trial, 1, 1);
    local_trial_produce(trial, 2, 1);
    local_trial_close(trial);
    damage_log(trial->directory,
               &(struct damage){.kind = DAMAGE_REMOVE, .entry = 'r', .number = 1});
    local_trial_open(trial);
    struct eventlog_consumer consumer = local_trial_consumer(trial);
    struct call call;
    assert_int_equal(local_trial_drain(trial, consumer, &call), STATUS_DATA_LOSS);
    assert_int_equal(trial->store.total, LOCAL_TRIAL_KEYS);
    consumer.ops->close(consumer.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCAL_TRIAL(finds_flipped_bit),        LOCAL_TRIAL(finds_flipped_bit_later),
        LOCAL_TRIAL(finds_flipped_length),     LOCAL_TRIAL(finds_missing_chunk),
        LOCAL_TRIAL(finds_missing_last_chunk), LOCAL_TRIAL(finds_damaged_bounds),
        LOCAL_TRIAL(finds_damaged_topic),      LOCAL_TRIAL(gives_what_is_before_the_damage),
    };
    return cmocka_run_group_tests_name("damage to the embedded log", tests, NULL, NULL);
}
