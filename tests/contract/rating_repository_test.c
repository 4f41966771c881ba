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

static enum status open_keeps_deleted(struct call *call, struct text directory,
                                      struct rating_retention retention,
                                      struct rating_repository *ret_repository)
{
    (void)directory;
    (void)retention;
    return rating_faulty_repository_open(call, RATING_FAULT_AGGREGATE_KEEPS_DELETED,
                                         ret_repository);
}

static enum status open_loses_changes(struct call *call, struct text directory,
                                      struct rating_retention retention,
                                      struct rating_repository *ret_repository)
{
    (void)directory;
    (void)retention;
    return rating_faulty_repository_open(call, RATING_FAULT_LOSES_A_CHANGE, ret_repository);
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

static void oracle_sees_a_fault(void **state)
{
    const struct rating_implementation *faulty = *state;
    struct rating_oracle_report report;
    rating_oracle_run(faulty, &report);
    assert_true(report.differences > 0);
}

static int check_oracle(void)
{
    static const struct rating_implementation faulty[] = {
        {"aggregate keeps what was deleted", false, open_keeps_deleted},
        {"changes get lost", false, open_loses_changes},
    };
    struct CMUnitTest tests[ARRAY_LENGTH(faulty)];
    struct rating_implementation states[ARRAY_LENGTH(faulty)];
    memcpy(states, faulty, sizeof(states));
    for (size_t i = 0; i < ARRAY_LENGTH(faulty); i++) {
        tests[i] = (struct CMUnitTest){
            .name = faulty[i].name, .test_func = oracle_sees_a_fault, .initial_state = &states[i]};
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
