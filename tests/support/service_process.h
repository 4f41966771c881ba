/* service_process.h: one of our programs, run by a test: what it says is read and kept, and it does
 * not outlive the test.
 *
 * In a fiber, on its loop; one fiber at a time waits for one process. A failure fails the test. The
 * program is killed with the test program, however that ends. */
#pragma once

#include "base/buffer.h"
#include "http/http_message.h"
#include "loop/fiber.h"

enum {
    SERVICE_ARGUMENTS_MAX = 48,
    SERVICE_LOG_BYTES_MAX = 256 * 1024 * 1024,
    SERVICE_PATH_BYTES_MAX = 1024,
};

/* Nothing that is waited for takes longer, sanitizers included. */
#define SERVICE_WAIT_MS INT64_C(25000)

struct loop_poll;

struct service_process {
    char address[HTTP_ADDRESS_BYTES_MAX]; /* as the line `ready` tells it */
    struct buffer log;                    /* standard output and error since the start */
    bool ended;
    int exit_status; /* of one that has ended: its own, or 128 and the signal */
    int64_t id;      /* of the process; 0: none */
    /* private */
    int log_fd;
    int end_fd;
    int file_fd;
    struct loop_poll *log_poll;
    struct loop_poll *end_poll;
    struct fiber_wait changed;
};

/* Starts MARQUEE_BIN/program, or a foreign one by its whole path, in the directory, with the
 * arguments ("--a=b"; NULL ends). What it says goes to DIRECTORY/NAME.log too. environment:
 * "NAME=value" put before the test's own, or NULL. */
void service_process_start(struct service_process *process, const char *directory, const char *name,
                           const char *program, const char *const *arguments,
                           const char *const *environment);

/* Waits until the log holds the words at `from` or later. false: it ended before, or in vain. */
bool service_process_await(struct service_process *process, const char *words, size_t from);

/* Waits for the line `ready` and takes the address from it. Fails the test if it does not come. */
void service_process_await_ready(struct service_process *process);

/* Waits for the end and returns exit_status; -1: it runs still after the time. */
int service_process_await_end(struct service_process *process, int64_t timeout_ms);

/* One that has ended is left alone. */
void service_process_signal(struct service_process *process, int number);

/* SIGKILL, unless it has ended; waits for the end and frees what was taken. One that was not
 * started is accepted. */
void service_process_kill(struct service_process *process);

/* SIGTERM; fails the test unless it ends with 0 within 20 s. Frees what was taken. */
void service_process_stop(struct service_process *process);

/* The resident memory, in bytes. */
size_t service_process_memory(const struct service_process *process);

/* The first line of the log that holds the words; {NULL, 0}: none. Borrowed until more is said. */
struct text service_process_line(const struct service_process *process, const char *words);

/* The value of a field ("listen") in that line, without its quotes; {NULL, 0}: there is none. */
struct text service_process_field(const struct service_process *process, const char *words,
                                  const char *name);

/* How many lines of the log are not empty. */
unsigned service_process_line_count(const struct service_process *process);
