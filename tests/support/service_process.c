#include "support/service_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"
#include "support/cmocka_test.h"

enum { READ_BYTES = 16 * 1024, EXEC_FAILED = 126, SIGNALLED = 128 };

/* In the child: nothing but system calls. It dies with the test program, and leads a group of its
 * own, so that its children can be killed with it. */
static void run_child(const char *directory, const char *path, char *const *arguments,
                      char *const *environment, int output)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setpgid(0, 0) == 0 && chdir(directory) == 0 &&
        dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(output, STDERR_FILENO) >= 0) {
        (void)execve(path, arguments, environment);
    }
    _exit(EXEC_FAILED);
}

static void read_log(void *argument)
{
    struct service_process *process = argument;
    for (;;) {
        char *room = buffer_reserve(&process->log, READ_BYTES);
        assert_non_null(room);
        ssize_t count = read(process->log_fd, room, READ_BYTES);
        if (count <= 0) {
            if (count == 0) {
                loop_poll_close(process->log_poll);
                process->log_poll = NULL;
            }
            break;
        }
        assert_int_equal(write(process->file_fd, room, (size_t)count), count);
        buffer_extend(&process->log, (size_t)count);
    }
    fiber_wait_signal(&process->changed);
}

static void on_ended(void *argument)
{
    struct service_process *process = argument;
    int status;
    if (waitpid((pid_t)process->id, &status, WNOHANG) != (pid_t)process->id) {
        return;
    }
    loop_poll_close(process->end_poll);
    process->end_poll = NULL;
    read_log(process);
    process->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
    process->ended = true;
    fiber_wait_signal(&process->changed);
}

extern char **environ;

/* "environment" before what is inherited: the first of a name counts. */
static char **join_environment(const char *const *environment)
{
    size_t count = 0;
    size_t inherited = 0;
    while (environment != NULL && environment[count] != NULL) {
        count++;
    }
    while (environ[inherited] != NULL) {
        inherited++;
    }
    char **joined = calloc(count + inherited + 1, sizeof(*joined));
    assert_non_null(joined);
    if (count > 0) {
        memcpy(joined, environment, count * sizeof(*joined));
    }
    memcpy(joined + count, environ, inherited * sizeof(*joined));
    return joined;
}

static void open_log(struct service_process *process, const char *directory, const char *name,
                     int *ret_output)
{
    char path[SERVICE_PATH_BYTES_MAX];
    int ends[2];
    assert_true(snprintf(path, sizeof(path), "%s/%s.log", directory, name) < (int)sizeof(path));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    process->log_fd = ends[0];
    process->file_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(process->file_fd >= 0);
    *ret_output = ends[1];
}

void service_process_start(struct service_process *process, const char *directory, const char *name,
                           const char *program, const char *const *arguments,
                           const char *const *environment)
{
    char path[SERVICE_PATH_BYTES_MAX];
    const char *given[SERVICE_ARGUMENTS_MAX + 2] = {path};
    const char *folder = getenv("MARQUEE_BIN");
    int output;
    assert_non_null(folder);
    bool is_path = program[0] == '/';
    assert_true(snprintf(path, sizeof(path), "%s%s%s", is_path ? "" : folder, is_path ? "" : "/",
                         program) < (int)sizeof(path));
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < SERVICE_ARGUMENTS_MAX);
        given[i + 1] = arguments[i];
    }
    /* A test that fails in a fiber ends the program, and what it runs with it. */
    assert_int_equal(setenv("CMOCKA_TEST_ABORT", "1", 1), 0);
    *process = (struct service_process){.exit_status = -1};
    buffer_init(&process->log, SERVICE_LOG_BYTES_MAX);
    fiber_wait_init(&process->changed);
    open_log(process, directory, name, &output);
    char **joined = join_environment(environment);
    pid_t child = fork();
    if (child == 0) {
        /* execve() promises to change neither. */
        run_child(directory, path, (char *const *)(uintptr_t)given, joined, output);
    }
    assert_true(child > 0);
    free(joined);
    (void)close(output);
    process->id = child;
    process->end_fd = (int)syscall(SYS_pidfd_open, child, 0);
    assert_true(process->end_fd >= 0);
    assert_int_equal(
        loop_poll_open(loop_current(), process->log_fd, read_log, process, &process->log_poll),
        STATUS_OK);
    assert_int_equal(
        loop_poll_open(loop_current(), process->end_fd, on_ended, process, &process->end_poll),
        STATUS_OK);
}

static bool holds(const struct service_process *process, const char *words, size_t from)
{
    return from < process->log.length &&
           memmem(process->log.data + from, process->log.length - from, words, strlen(words)) !=
               NULL;
}

static void start_wait(struct call *call, int64_t timeout_ms)
{
    *call = (struct call){.deadline_ns = clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS};
}

bool service_process_await(struct service_process *process, const char *words, size_t from)
{
    struct call call;
    start_wait(&call, SERVICE_WAIT_MS);
    while (!holds(process, words, from)) {
        if (process->ended || fiber_wait(&call, &process->changed) != STATUS_OK) {
            return holds(process, words, from);
        }
    }
    return true;
}

void service_process_await_ready(struct service_process *process)
{
    if (!service_process_await(process, "message=\"ready\"", 0) ||
        !service_process_await(process, "after_ms=", 0)) {
        fail_msg("not ready, exit status %d: %.*s", process->exit_status,
                 TEXT_ARGUMENTS(buffer_text(&process->log)));
    }
    struct text listen = service_process_field(process, "message=\"ready\"", "listen");
    assert_true(text_to_c_string(listen, process->address, sizeof(process->address)));
}

int service_process_await_end(struct service_process *process, int64_t timeout_ms)
{
    struct call call;
    start_wait(&call, timeout_ms);
    while (!process->ended) {
        if (fiber_wait(&call, &process->changed) != STATUS_OK) {
            return -1;
        }
    }
    return process->exit_status;
}

void service_process_signal(struct service_process *process, int number)
{
    if (!process->ended) {
        assert_int_equal(kill((pid_t)process->id, number), 0);
    }
}

static void release(struct service_process *process)
{
    loop_poll_close(process->log_poll);
    loop_poll_close(process->end_poll);
    (void)close(process->log_fd);
    (void)close(process->end_fd);
    (void)close(process->file_fd);
    buffer_deinit(&process->log);
    process->id = 0;
}

void service_process_kill(struct service_process *process)
{
    if (process->id == 0) {
        return;
    }
    if (!process->ended) {
        (void)kill(-(pid_t)process->id, SIGKILL);
    }
    assert_int_not_equal(service_process_await_end(process, SERVICE_WAIT_MS), -1);
    release(process);
}

void service_process_stop(struct service_process *process)
{
    if (process->id == 0) {
        return;
    }
    service_process_signal(process, SIGTERM);
    int status = service_process_await_end(process, 20000);
    if (status != 0) {
        fail_msg("exit status %d: %.*s", status, TEXT_ARGUMENTS(buffer_text(&process->log)));
    }
    release(process);
}

size_t service_process_memory(const struct service_process *process)
{
    char path[64];
    char line[256];
    size_t pages = 0;
    assert_true(snprintf(path, sizeof(path), "/proc/%d/statm", (int)process->id) > 0);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file); /* read only */
    struct text rest = text_of(line);
    uint64_t resident;
    (void)text_next(&rest, ' ');
    assert_true(text_to_u64(text_next(&rest, ' '), &resident));
    pages = (size_t)resident;
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

struct text service_process_line(const struct service_process *process, const char *words)
{
    struct text rest = buffer_text(&process->log);
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        if (line.length > 0 && memmem(line.data, line.length, words, strlen(words)) != NULL) {
            return line;
        }
    }
    return (struct text){NULL, 0};
}

struct text service_process_field(const struct service_process *process, const char *words,
                                  const char *name)
{
    struct text rest = service_process_line(process, words);
    while (rest.data != NULL) {
        struct text field = text_next(&rest, ' ');
        struct text key = text_next(&field, '=');
        if (!text_equal(key, text_of(name)) || field.data == NULL) {
            continue;
        }
        bool is_quoted = field.length >= 2 && field.data[0] == '"';
        return is_quoted ? text_slice(field, 1, field.length - 1) : field;
    }
    return (struct text){NULL, 0};
}

unsigned service_process_line_count(const struct service_process *process)
{
    struct text rest = buffer_text(&process->log);
    unsigned count = 0;
    while (rest.data != NULL) {
        count += text_next(&rest, '\n').length > 0 ? 1 : 0;
    }
    return count;
}
