#include "eventlog/local_eventlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_wake.h"
#include "store/store_directory.h"

enum { DIRECTORY_MODE = 0700, MAP_BYTES_MIN = 1 << 16 };

static int open_folder(int directory_fd, const char *name)
{
    if (mkdirat(directory_fd, name, DIRECTORY_MODE) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum status open_files(struct local_eventlog *log, struct call *call, const char *directory)
{
    int directory_fd = open_folder(AT_FDCWD, directory);
    if (directory_fd >= 0) {
        log->wake_folder_fd = open_folder(directory_fd, "wake");
        log->group_folder_fd = open_folder(directory_fd, "group");
        (void)close(directory_fd);
    }
    log->sender_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (log->wake_folder_fd < 0 || log->group_folder_fd < 0 || log->sender_fd < 0) {
        (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s: errno %d", directory, errno);
        return call_fail(call, STATUS_UNAVAILABLE, "the event log's directory cannot be opened");
    }
    return STATUS_OK;
}

static enum status open_store(struct local_eventlog *log, struct call *call,
                              const struct local_eventlog_options *options)
{
    struct local_store_options store = {
        .directory = options->directory,
        .map_bytes = options->map_bytes,
        .map_bytes_max = options->map_bytes_max,
    };
    store.map_bytes = store.map_bytes == 0 ? LOCAL_EVENTLOG_MAP_BYTES_DEFAULT : store.map_bytes;
    if (store.map_bytes_max == 0) {
        store.map_bytes_max = LOCAL_EVENTLOG_MAP_BYTES_MAX_DEFAULT;
    }
    if (store.map_bytes < MAP_BYTES_MIN || store.map_bytes > store.map_bytes_max) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the event log's map is %zu to %zu bytes",
                         (size_t)MAP_BYTES_MIN, store.map_bytes_max);
    }
    struct local_failure failure;
    enum status status = local_store_open(&store, &log->store, &failure);
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, status, "%s", failure.text);
        return status == STATUS_FAILED_PRECONDITION
                   ? call_fail(call, status, "the event log in %s: %s", options->directory,
                               failure.text)
                   : call_fail(call, status, "the event log cannot be opened");
    }
    return STATUS_OK;
}

/* What is new is there after a loss of power only when its name is: that of the store's file in the
 * directory, and that of the directory in its own. */
static enum status sync_names(struct call *call, struct text directory)
{
    struct store_error error;
    while (directory.length > 1 && text_ends_with(directory, TEXT("/"))) {
        directory.length--;
    }
    enum status status = store_directory_sync(directory, &error);
    if (status == STATUS_OK) {
        status = store_directory_sync(store_directory_of(directory), &error);
    }
    return status == STATUS_OK ? STATUS_OK : store_error_report(&error, call, status);
}

void local_eventlog_free(struct local_eventlog *log)
{
    local_upkeep_deinit(&log->writer.upkeep);
    local_store_close(log->store);
    const int fds[] = {log->wake_folder_fd, log->group_folder_fd, log->sender_fd};
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    free(log);
}

enum status local_eventlog_open(struct call *call, const struct local_eventlog_options *options,
                                struct local_eventlog **ret_log)
{
    struct eventlog_topic_options topic = {
        .partitions = options->partitions,
        .retention_ms = options->retention_ms,
        .retention_bytes = options->retention_bytes,
    };
    enum status status = eventlog_check_topic(call, TEXT("default"), &topic);
    if (status != STATUS_OK) {
        return status;
    }
    if (options->upkeep_ms < 0 || options->compact_bytes < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the event log's upkeep is not negative");
    }
    struct local_eventlog *log = calloc(1, sizeof(*log));
    if (log == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the event log");
    }
    log->wake_folder_fd = -1;
    log->group_folder_fd = -1;
    if (topic.partitions == 0) {
        topic.partitions = LOCAL_EVENTLOG_PARTITIONS_DEFAULT;
    }
    log->topic_options = topic;
    log->writer.upkeep = (struct local_upkeep){
        .period_ms =
            options->upkeep_ms == 0 ? LOCAL_EVENTLOG_UPKEEP_MS_DEFAULT : options->upkeep_ms,
        .compact_bytes = options->compact_bytes == 0 ? LOCAL_EVENTLOG_COMPACT_BYTES_DEFAULT
                                                     : options->compact_bytes,
        .sequences_ms = LOCAL_EVENTLOG_SEQUENCE_KEPT_MS,
    };
    status = open_files(log, call, options->directory);
    if (status == STATUS_OK) {
        status = open_store(log, call, options);
    }
    if (status == STATUS_OK) {
        status = sync_names(call, text_of(options->directory));
    }
    if (status == STATUS_OK) {
        status = local_writer_start(log);
    }
    if (status != STATUS_OK) {
        local_eventlog_free(log);
        return status;
    }
    /* Somebody may have died between commit and waking. */
    local_wake_send(log->wake_folder_fd, log->sender_fd, (struct text){0}, LOCAL_WAKE_RECORDS);
    *ret_log = log;
    return STATUS_OK;
}

void local_eventlog_close(struct local_eventlog *log)
{
    if (log != NULL && local_writer_stop(log)) {
        local_eventlog_free(log);
    }
}
