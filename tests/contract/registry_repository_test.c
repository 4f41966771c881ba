/* Every registry repository through the one suite; and what is SQLite's alone: one process at a
 * time, a directory of another kind, one that is put aside. */
#include <unistd.h>

#include "base/arena.h"
#include "contract/registry_repository_contract.h"
#include "registry/repository/memory_registry_repository.h"
#include "registry/repository/sqlite_registry_repository.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

static struct memory_registry_records records;

static enum status open_memory(struct call *call, struct text directory,
                               struct registry_repository *ret_repository)
{
    (void)call;
    (void)directory;
    *ret_repository = memory_registry_repository(&records);
    return STATUS_OK;
}

static void forget_memory(void)
{
    memory_registry_records_deinit(&records);
}

static enum status open_sqlite(struct call *call, struct text directory,
                               struct registry_repository *ret_repository)
{
    const struct sqlite_registry_repository_options options = {
        .path = arena_format(call->arena, "%.*s/registry", TEXT_ARGUMENTS(directory))};
    return sqlite_registry_repository_open(call, &options, ret_repository);
}

static void use_sqlite(void *argument)
{
    const char *directory = argument;
    struct registry_repository first;
    struct registry_repository second;
    struct arena arena;
    struct call call;
    struct text aside;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    assert_int_equal(open_sqlite(&call, text_of(directory), &first), STATUS_OK);
    assert_int_equal(open_sqlite(&call, text_of(directory), &second), STATUS_FAILED_PRECONDITION);
    assert_true(
        text_ends_with(call.error.message, TEXT("/registry is in use by another registry")));
    call_clear_error(&call);
    first.ops->close(first.state);
    assert_int_equal(sqlite_registry_repository_set_aside(
                         &call, arena_format(&arena, "%s/registry/", directory), &aside),
                     STATUS_OK);
    assert_true(text_starts_with(aside, arena_format(&arena, "%s/registry.damaged-2", directory)));
    assert_int_equal(access(aside.data, R_OK), 0);
    assert_int_equal(open_sqlite(&call, text_of(directory), &first), STATUS_OK);
    first.ops->close(first.state);
    arena_deinit(&arena);
}

static void one_process_at_a_time_and_put_aside(void **state)
{
    char directory[SCRATCH_PATH_BYTES];
    (void)state;
    scratch_directory_make(directory);
    in_fiber(use_sqlite, directory);
    scratch_directory_remove(directory);
}

int main(void)
{
    static const struct registry_implementation implementations[] = {
        {"memory", open_memory, forget_memory},
        {"sqlite", open_sqlite, NULL},
    };
    const struct CMUnitTest sqlite_tests[] = {
        cmocka_unit_test(one_process_at_a_time_and_put_aside),
    };
    int failures = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(implementations); i++) {
        failures += registry_repository_contract_run(&implementations[i]);
    }
    return failures + cmocka_run_group_tests_name("sqlite alone", sqlite_tests, NULL, NULL);
}
