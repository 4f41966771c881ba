/* Every rating repository through the one suite; and the suite through repositories that are wrong.
 */
#include "contract/rating_faulty_repository.h"
#include "contract/rating_repository_contract.h"
#include "contract/rating_repository_oracle.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/memory_rating_repository.h"

static enum status open_memory(struct call *call, struct text directory,
                               struct rating_retention retention,
                               struct rating_repository *ret_repository)
{
    (void)directory;
    const struct memory_rating_repository_options options = {.retention = retention};
    return memory_rating_repository_open_with(call, &options, ret_repository);
}

static enum status open_lmdb(struct call *call, struct text directory,
                             struct rating_retention retention,
                             struct rating_repository *ret_repository)
{
    const struct lmdb_rating_repository_options options = {.path = directory,
                                                           .retention = retention};
    return lmdb_rating_repository_open(call, &options, ret_repository);
}

/* So small that it grows several times. */
static enum status open_small_lmdb(struct call *call, struct text directory,
                                   struct rating_retention retention,
                                   struct rating_repository *ret_repository)
{
    const struct lmdb_rating_repository_options options = {
        .path = directory, .map_bytes = 128 * 1024, .retention = retention};
    return lmdb_rating_repository_open(call, &options, ret_repository);
}

/* Synced a second later. */
static enum status open_relaxed_lmdb(struct call *call, struct text directory,
                                     struct rating_retention retention,
                                     struct rating_repository *ret_repository)
{
    const struct lmdb_rating_repository_options options = {
        .path = directory, .durability = RATING_RELAXED, .retention = retention};
    return lmdb_rating_repository_open(call, &options, ret_repository);
}

/* Each over the memory repository. */
#define FAULTS(X)                                                                                  \
    X(AGGREGATE_KEEPS_DELETED, "an aggregate keeps what was deleted")                              \
    X(LOSES_A_CHANGE, "changes get lost")                                                          \
    X(EPOCH_IS_NOT_COMPARED, "an epoch is not compared")                                           \
    X(HOLE_IN_THE_LOG, "the change log has a hole")                                                \
    X(EVENT_ID_IS_FORGOTTEN, "an event's id is forgotten")                                         \
    X(POSITION_APART, "the position moves in a transaction of its own")

#define X(symbol, name)                                                                            \
    static enum status open_##symbol(struct call *call, struct text directory,                     \
                                     struct rating_retention retention,                            \
                                     struct rating_repository *ret_repository)                     \
    {                                                                                              \
        (void)directory;                                                                           \
        (void)retention;                                                                           \
        return rating_faulty_repository_open(call, RATING_FAULT_##symbol, ret_repository);         \
    }
X(NONE, "none")
FAULTS(X)
#undef X

static void oracle_sees_a_fault(void **state)
{
    const struct rating_implementation *faulty = *state;
    struct rating_oracle_report report;
    rating_oracle_run(faulty, &report);
    print_message("  %s\n", report.first);
    assert_true(report.differences > 0);
}

/* What stands between does not make the differences. */
static void oracle_sees_none(void **state)
{
    const struct rating_implementation *faultless = *state;
    struct rating_oracle_report report;
    rating_oracle_run(faultless, &report);
    assert_int_equal(report.differences, 0);
}

static int check_oracle(void)
{
    struct rating_implementation states[] = {{"no fault", false, open_NONE},
#define X(symbol, name) {name, false, open_##symbol},
                                             FAULTS(X)
#undef X
    };
    struct CMUnitTest tests[ARRAY_LENGTH(states)];
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        tests[i] = (struct CMUnitTest){.name = states[i].name,
                                       .test_func = i == 0 ? oracle_sees_none : oracle_sees_a_fault,
                                       .initial_state = &states[i]};
    }
    return cmocka_run_group_tests_name("planted faults", tests, NULL, NULL);
}

int main(void)
{
    static const struct rating_implementation implementations[] = {
        {"memory", false, open_memory},
        {"lmdb", true, open_lmdb},
        {"lmdb that grows", true, open_small_lmdb},
        {"lmdb that is relaxed", true, open_relaxed_lmdb},
    };
    int failures = check_oracle();
    for (size_t i = 0; i < ARRAY_LENGTH(implementations); i++) {
        failures += rating_repository_contract_run(&implementations[i]);
    }
    return failures;
}
