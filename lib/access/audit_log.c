#include "access/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { REFUSED_BYTES_MAX = AUDIT_LOG_BYTES_MAX / 2, POLL_MS = 50 };

struct lines {
    size_t length;
    unsigned count;
    char bytes[AUDIT_LOG_BYTES_MAX];
};

struct audit_log {
    struct log log;
    char file[PATH_MAX]; /* "": the log's descriptor */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct lines *waiting;
    uint64_t lost;
    uint64_t lost_untold;
    int next_fd; /* takes the place of log.fd; -1: none */
    bool closing;
    int64_t close_ns;      /* when to give up */
    struct lines *writing; /* the thread's own */
};

static bool is_over(struct audit_log *audit)
{
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    bool over = audit->closing && clock_monotonic_ns() > audit->close_ns;
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
    return over;
}

/* Whether a write will not wait for a reader. Of a file always. false: closing, and nobody reads.
 */
static bool await_room(struct audit_log *audit)
{
    struct pollfd room = {.fd = audit->log.fd, .events = POLLOUT};
    bool is_ready = poll(&room, 1, 0) > 0;
    while (!is_ready && !is_over(audit)) {
        is_ready = poll(&room, 1, POLL_MS) > 0;
    }
    return is_ready;
}

/* One write a line, none of them over what a pipe takes at once. */
static bool write_line(struct audit_log *audit, struct text line)
{
    ssize_t written;
    if (!await_room(audit)) {
        return false;
    }
    do {
        written = write(audit->log.fd, line.data, line.length);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)line.length;
}

/* Returns how many could not be written. */
static unsigned write_lines(struct audit_log *audit, const struct lines *lines)
{
    unsigned failed = 0;
    for (size_t at = 0; at < lines->length;) {
        struct text rest = {lines->bytes + at, lines->length - at};
        struct text line = text_slice(rest, 0, text_find(rest, 0, '\n') + 1);
        failed += write_line(audit, line) ? 0 : 1;
        at += line.length;
    }
    return failed;
}

static void append(struct lines *lines, struct text line)
{
    memcpy(lines->bytes + lines->length, line.data, line.length);
    lines->length += line.length;
    lines->count++;
}

/* Under the lock: there is room once more, so that it can be told. */
static void tell_lost(struct audit_log *audit)
{
    char line[LOG_LINE_BYTES_MAX];
    if (audit->lost_untold == 0 || audit->closing) {
        return; /* closing, it could go on for ever */
    }
    size_t length =
        log_format_line(&audit->log, LOG_WARNING, "audit lines lost",
                        LOG_FIELDS(log_integer("count", (int64_t)audit->lost_untold)), line);
    if (audit->waiting->length + length <= sizeof(audit->waiting->bytes)) {
        audit->lost_untold = 0;
        append(audit->waiting, (struct text){line, length});
    }
}

/* Under the lock: swaps the lines; waits for the first one. false: there will be no more. */
static bool take_lines(struct audit_log *audit)
{
    while (audit->waiting->length == 0 && !audit->closing) {
        CHECK(pthread_cond_wait(&audit->changed, &audit->lock) == 0);
    }
    struct lines *taken = audit->waiting;
    audit->waiting = audit->writing;
    audit->waiting->length = 0;
    audit->waiting->count = 0;
    audit->writing = taken;
    tell_lost(audit);
    if (audit->next_fd >= 0) {
        (void)close(audit->log.fd); /* every write was looked at */
        audit->log.fd = audit->next_fd;
        audit->next_fd = -1;
    }
    return taken->length > 0;
}

static void *run(void *argument)
{
    struct audit_log *audit = argument;
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    while (take_lines(audit)) {
        CHECK(pthread_mutex_unlock(&audit->lock) == 0);
        unsigned failed = write_lines(audit, audit->writing);
        CHECK(pthread_mutex_lock(&audit->lock) == 0);
        audit->lost += failed;
        audit->lost_untold += failed;
    }
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
    return NULL;
}

static enum status open_file(struct call *call, const char *file, int *ret_fd)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%s: %s", file, strerrordesc_np(errno));
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static void release(struct audit_log *audit)
{
    if (audit->file[0] != '\0' && audit->log.fd >= 0) {
        (void)close(audit->log.fd); /* every write was looked at */
    }
    if (audit->next_fd >= 0) {
        (void)close(audit->next_fd); /* nothing was written */
    }
    free(audit->waiting);
    free(audit->writing);
    free(audit);
}

static bool start(struct audit_log *audit)
{
    audit->waiting = calloc(1, sizeof(*audit->waiting));
    audit->writing = calloc(1, sizeof(*audit->writing));
    if (audit->waiting == NULL || audit->writing == NULL ||
        pthread_mutex_init(&audit->lock, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&audit->changed, NULL) != 0) {
        CHECK(pthread_mutex_destroy(&audit->lock) == 0);
        return false;
    }
    if (pthread_create(&audit->thread, NULL, run, audit) != 0) {
        CHECK(pthread_cond_destroy(&audit->changed) == 0);
        CHECK(pthread_mutex_destroy(&audit->lock) == 0);
        return false;
    }
    return true;
}

enum status audit_log_open(struct call *call, const struct log *log, const char *file,
                           struct audit_log **ret_audit)
{
    struct audit_log *audit = calloc(1, sizeof(*audit));
    enum status status = STATUS_OK;
    if (audit == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the audit log");
    }
    audit->log = *log;
    audit->next_fd = -1;
    if (file != NULL && file[0] != '\0') {
        audit->log.fd = -1;
        audit->log.level = LOG_INFO;
        status = text_to_c_string(text_of(file), audit->file, sizeof(audit->file))
                     ? open_file(call, file, &audit->log.fd)
                     : call_fail(call, STATUS_FAILED_PRECONDITION,
                                 "the name of the audit log is too long");
    }
    if (status == STATUS_OK && !start(audit)) {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the audit log");
    }
    if (status != STATUS_OK) {
        release(audit);
        return status;
    }
    *ret_audit = audit;
    return STATUS_OK;
}

void audit_log_write(struct audit_log *audit, enum audit_outcome outcome, const char *message,
                     const struct log_field *fields)
{
    char line[LOG_LINE_BYTES_MAX];
    size_t most = outcome == AUDIT_ACCEPTED ? AUDIT_LOG_BYTES_MAX : REFUSED_BYTES_MAX;
    if (audit == NULL || audit->log.level > LOG_INFO) {
        return;
    }
    size_t length = log_format_line(&audit->log, LOG_INFO, message, fields, line);
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    if (audit->waiting->length + length > most) {
        audit->lost++;
        audit->lost_untold++;
    } else {
        append(audit->waiting, (struct text){line, length});
        if (audit->waiting->count == 1) {
            CHECK(pthread_cond_signal(&audit->changed) == 0);
        }
    }
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
}

enum status audit_log_reopen(struct call *call, struct audit_log *audit)
{
    int fd = -1;
    if (audit->file[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = open_file(call, audit->file, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    if (audit->next_fd >= 0) {
        (void)close(audit->next_fd); /* nothing was written */
    }
    audit->next_fd = fd;
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
    return STATUS_OK;
}

uint64_t audit_log_lost(struct audit_log *audit)
{
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    uint64_t lost = audit->lost;
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
    return lost;
}

void audit_log_close(struct audit_log *audit)
{
    if (audit == NULL) {
        return;
    }
    CHECK(pthread_mutex_lock(&audit->lock) == 0);
    audit->closing = true;
    audit->close_ns = clock_monotonic_ns() + AUDIT_LOG_CLOSE_MS * CLOCK_NS_PER_MS;
    CHECK(pthread_cond_signal(&audit->changed) == 0);
    CHECK(pthread_mutex_unlock(&audit->lock) == 0);
    CHECK(pthread_join(audit->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&audit->changed) == 0);
    CHECK(pthread_mutex_destroy(&audit->lock) == 0);
    release(audit);
}
