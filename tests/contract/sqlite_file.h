/* sqlite_file.h: a file of SQLite in a directory of its own, and what a repository needs to open
 * it. */
#pragma once

#include "base/arena.h"
#include "base/call.h"
#include "loop/worker.h"
#include "support/scratch_directory.h"

struct sqlite_file {
    struct arena arena;
    struct call call;
    struct worker_pool *workers;
    char path[SCRATCH_PATH_BYTES + 16]; /* there is no file yet */
};

/* Runs the body in a fiber, with the file set up before and removed behind it. */
void sqlite_file_run(struct sqlite_file *file, void (*body)(void *), void *argument);

/* As another program does. A failure fails the test. */
void sqlite_file_execute(const struct sqlite_file *file, const char *sql);
