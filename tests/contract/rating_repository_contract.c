#include "contract/rating_case.h"

#include "base/arena.h"
#include "contract/rating_repository_oracle.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

/* Running a case */

struct case_run {
    struct rating_case self;
    const struct rating_contract_case *contract_case;
};

static void run_case(void *argument)
{
    struct case_run *run = argument;
    struct rating_case *self = &run->self;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    self->call = &call;
    assert_int_equal(
        self->implementation->open(&call, self->directory, self->retention, &self->repository),
        STATUS_OK);
    run->contract_case->run(self);
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

static void run_on_new_database(const struct rating_implementation *implementation,
                                const struct rating_contract_case *contract_case)
{
    char directory[SCRATCH_PATH_BYTES];
    scratch_directory_make(directory);
    struct case_run case_run = {
        .self = {.implementation = implementation,
                 .directory = text_of(directory),
                 .retention = contract_case->retention},
        .contract_case = contract_case,
    };
    in_fiber(run_case, &case_run);
    scratch_directory_remove(directory);
}

/* The suite */

static const struct rating_contract_case *const subjects[] = {
    rating_vote_cases,      rating_position_cases, rating_epoch_cases, rating_change_log_cases,
    rating_await_cases,     rating_list_cases,     rating_page_cases,  rating_dead_letter_cases,
    rating_retention_cases, rating_lease_cases,
};

enum { CASES_MAX = 128 };

struct case_state {
    const struct rating_implementation *implementation;
    const struct rating_contract_case *contract_case;
};

static void run_contract_case(void **state)
{
    const struct case_state *case_state = *state;
    if (case_state->contract_case->reopens && !case_state->implementation->durable) {
        skip();
    }
    run_on_new_database(case_state->implementation, case_state->contract_case);
}

static void agrees_with_the_oracle(void **state)
{
    const struct case_state *case_state = *state;
    struct rating_oracle_report report;
    rating_oracle_run(case_state->implementation, &report);
    if (report.differences > 0) {
        fail_msg("%u differences, the first: %s", report.differences, report.first);
    }
    assert_true(report.operations > 0);
}

int rating_repository_contract_run(const struct rating_implementation *implementation)
{
    struct case_state states[CASES_MAX];
    struct CMUnitTest tests[CASES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(subjects); i++) {
        for (const struct rating_contract_case *at = subjects[i]; at->name != NULL; at++) {
            CHECK(count + 1 < CASES_MAX);
            states[count] = (struct case_state){implementation, at};
            tests[count] = (struct CMUnitTest){
                .name = at->name, .test_func = run_contract_case, .initial_state = &states[count]};
            count++;
        }
    }
    states[count] = (struct case_state){implementation, NULL};
    tests[count] = (struct CMUnitTest){.name = "agrees_with_the_oracle",
                                       .test_func = agrees_with_the_oracle,
                                       .initial_state = &states[count]};
    count++;
    return _cmocka_run_group_tests(implementation->name, tests, count, NULL, NULL);
}
