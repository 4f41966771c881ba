/* local_trial.h: one test of the embedded log: a directory, the opened log, a call, and the store
 * of what was read; and other processes that work on the same directory. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "contract/eventlog_reader.h"
#include "eventlog/local_eventlog.h"
#include "support/scratch_directory.h"

/* Of members that are to lapse: a busy machine may hold one up for a while, which is no end. */
enum { LOCAL_TRIAL_SESSION_MS = 1000 };
enum { LOCAL_TRIAL_KEYS = 10, LOCAL_TRIAL_WAIT_MS = 30000, LOCAL_TRIAL_QUIET_MS = 200 };

struct local_trial {
    void (*body)(struct local_trial *trial);
    char directory[SCRATCH_PATH_BYTES];
    struct local_eventlog_options options; /* the directory is the one above */
    struct local_eventlog *log;            /* NULL while it is closed */
    struct arena arena;
    struct call call;
    struct reader_store store;
};

/* For cmocka: runs `body` in a fiber, with the log open. */
void local_trial_run(void **state);

#define LOCAL_TRIAL(function)                                                                      \
    {                                                                                              \
        .name = #function, .test_func = local_trial_run,                                           \
        .initial_state = &(struct local_trial){.body = (function)},                                \
    }

/* The same in steps: makes the directory and opens the log, runs the body in a fiber, removes all.
 */
void local_trial_prepare(struct local_trial *trial);
void local_trial_body(struct local_trial *trial);
void local_trial_finish(struct local_trial *trial);

void local_trial_open(struct local_trial *trial);
void local_trial_close(struct local_trial *trial);

/* Produces `each` messages of each of LOCAL_TRIAL_KEYS keys to topic "t". */
void local_trial_produce(struct local_trial *trial, unsigned first_sequence, unsigned each);

/* A member of group "g" that reads "t" at the store's positions. */
struct eventlog_consumer local_trial_consumer(struct local_trial *trial);

/* A member of group "g" that reads "t" at what the group has committed. session_ms: 0: the default.
 */
struct eventlog_consumer local_trial_member(struct local_trial *trial, int64_t session_ms);

/* Applies all that comes until nothing does; what poll said then. */
enum status local_trial_drain(struct local_trial *trial, struct eventlog_consumer consumer,
                              struct call *call);

/* A child that runs this program: main() calls child_main() with its arguments. */
struct child {
    pid_t pid;
    int output; /* a byte for each batch that was produced or read */
};

/* "queue" (count: its session in milliseconds): reads as a member of group "g" without positions of
 * its own, and commits; a byte for each record. "zombie": the same, but stops itself when it has
 * its first batch, before it commits that; then ends. "write": produces one batch of every key
 * after the other, `count` of them, or until it is killed when that is 0. "read": reads as a member
 * of group "g". "hold": stops within a write. */
struct child child_start(const char *role, const char *directory, unsigned count);
void child_await_byte(const struct child *child);

/* Sends SIGKILL, unless it is ending by itself, and returns how many bytes were left. */
unsigned child_kill(struct child *child);
unsigned child_finish(struct child *child);

int child_main(char **arguments);
