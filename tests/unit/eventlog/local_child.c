#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "local_damage_lmdb.h"
#include "local_trial.h"
#include "support/in_fiber.h"

enum { COUNT_DIGITS = 16 };

struct role {
    const char *name;
    fiber_fn run;
};

struct work {
    char *directory;
    unsigned count;
};

static void tell(void)
{
    CHECK(write(STDOUT_FILENO, ".", 1) == 1);
}

/* A trial without a test. */
static void open_work(struct local_trial *trial, const struct work *work, struct arena *arena)
{
    arena_init(arena, 1024 * 1024);
    call_init(&trial->call, arena, 0);
    reader_store_init(&trial->store);
    trial->options.directory = work->directory;
    local_trial_open(trial);
}

static void run_write(void *argument)
{
    const struct work *work = argument;
    struct local_trial trial = {0};
    struct arena arena;
    open_work(&trial, work, &arena);
    for (unsigned i = 0; work->count == 0 || i < work->count; i++) {
        local_trial_produce(&trial, i, 1);
        tell();
    }
    local_trial_close(&trial);
    arena_deinit(&arena);
}

static void run_read(void *argument)
{
    const struct work *work = argument;
    struct local_trial trial = {0};
    struct arena arena;
    open_work(&trial, work, &arena);
    struct eventlog_consumer consumer = local_trial_consumer(&trial);
    for (;;) {
        struct eventlog_batch batch;
        enum status status = consumer.ops->poll(consumer.state, &trial.call, 1000, &batch);
        CHECK(status == STATUS_OK || status == STATUS_NOT_FOUND);
        tell();
    }
}

static void poll_once(struct local_trial *trial, struct eventlog_consumer consumer,
                      struct eventlog_batch *batch)
{
    enum status status;
    do {
        status = consumer.ops->poll(consumer.state, &trial->call, 1000, batch);
    } while (status == STATUS_NOT_FOUND);
    CHECK(status == STATUS_OK);
}

static void run_queue(void *argument)
{
    const struct work *work = argument;
    struct local_trial trial = {0};
    struct arena arena;
    open_work(&trial, work, &arena);
    struct eventlog_consumer consumer = local_trial_member(&trial, work->count);
    for (;;) {
        struct eventlog_batch batch;
        poll_once(&trial, consumer, &batch);
        for (size_t i = 0; i < batch.count; i++) {
            tell();
        }
        consumer.ops->committed(consumer.state, &batch);
    }
}

static void run_zombie(void *argument)
{
    const struct work *work = argument;
    struct local_trial trial = {0};
    struct arena arena;
    open_work(&trial, work, &arena);
    struct eventlog_consumer consumer = local_trial_member(&trial, work->count);
    struct eventlog_batch batch;
    poll_once(&trial, consumer, &batch);
    tell();
    CHECK(raise(SIGSTOP) == 0);
    consumer.ops->committed(consumer.state, &batch);
    consumer.ops->rewind(consumer.state, batch.partition);
    consumer.ops->close(consumer.state);
    local_trial_close(&trial);
    arena_deinit(&arena);
}

static void run_hold(void *argument)
{
    const struct work *work = argument;
    hold_log(work->directory);
    tell();
    for (;;) {
        (void)pause();
    }
}

int child_main(char **arguments)
{
    static const struct role roles[] = {{"write", run_write},
                                        {"read", run_read},
                                        {"hold", run_hold},
                                        {"queue", run_queue},
                                        {"zombie", run_zombie}};
    uint64_t count;
    CHECK(text_to_u64(text_of(arguments[2]), &count));
    struct work work = {.directory = arguments[1], .count = (unsigned)count};
    for (size_t i = 0; i < ARRAY_LENGTH(roles); i++) {
        if (strcmp(roles[i].name, arguments[0]) == 0) {
            in_fiber(roles[i].run, &work);
            return EXIT_SUCCESS;
        }
    }
    return EXIT_FAILURE;
}

struct child child_start(const char *role, const char *directory, unsigned count)
{
    char digits[COUNT_DIGITS];
    (void)snprintf(digits, sizeof(digits), "%u", count);
    char *arguments[] = {(char *)(uintptr_t) "child", (char *)(uintptr_t)role,
                         (char *)(uintptr_t)directory, digits, NULL};
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0);
    struct child child = {.output = ends[0]};
    CHECK(posix_spawn(&child.pid, "/proc/self/exe", &actions, NULL, arguments, environ) == 0);
    CHECK(posix_spawn_file_actions_destroy(&actions) == 0);
    (void)close(ends[1]);
    return child;
}

void child_await_byte(const struct child *child)
{
    char byte;
    CHECK(read(child->output, &byte, 1) == 1);
}

unsigned child_finish(struct child *child)
{
    unsigned bytes = 0;
    char byte;
    while (read(child->output, &byte, 1) == 1) {
        bytes++;
    }
    int result;
    CHECK(waitpid(child->pid, &result, 0) == child->pid);
    CHECK(WIFSIGNALED(result) || WEXITSTATUS(result) == EXIT_SUCCESS);
    (void)close(child->output);
    return bytes;
}

unsigned child_kill(struct child *child)
{
    CHECK(kill(child->pid, SIGKILL) == 0);
    return child_finish(child);
}
