#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_group.h"
#include "eventlog/local_wake.h"

enum { NEW_TOPICS_MAX = 16 }; /* created between counting and listing */

struct local_admin {
    struct local_eventlog *log;
    struct loop *loop;
};

/* A change of topics, on its way through the writer. */
struct topic_write {
    struct local_write write;
    char topic[EVENTLOG_TOPIC_BYTES_MAX];
    struct text name; /* there */
    struct eventlog_topic_options options;
};

static void release_write(struct local_write *write)
{
    free(write);
}

static enum status run_create(struct local_eventlog *log, struct local_write *write)
{
    struct topic_write *create = (struct topic_write *)write;
    enum status status =
        local_store_create_topic(log->store, create->name, &create->options, &write->failure);
    if (status == STATUS_OK) {
        local_wake_send(log->wake_folder_fd, log->sender_fd, create->name, LOCAL_WAKE_RECORDS);
    }
    return status;
}

/* The groups' files go with the topic: who still maps one keeps its own, and finds no topic. */
static void remove_group_files(struct local_eventlog *log, struct text topic)
{
    int fd = openat(log->group_folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (local_group_is_of_topic(entry->d_name, topic)) {
            (void)unlinkat(log->group_folder_fd, entry->d_name, 0);
        }
    }
    (void)closedir(folder);
}

static enum status run_delete(struct local_eventlog *log, struct local_write *write)
{
    struct topic_write *removal = (struct topic_write *)write;
    enum status status = local_store_delete_topic(log->store, removal->name, &write->failure);
    bool more = status == STATUS_OK;
    while (more && status == STATUS_OK) {
        status = local_store_sweep(log->store, &more, &write->failure);
    }
    if (status == STATUS_OK) {
        remove_group_files(log, removal->name);
        local_wake_send(log->wake_folder_fd, log->sender_fd, removal->name, LOCAL_WAKE_RECORDS);
    }
    return status;
}

static enum status write_topic(struct local_admin *admin, struct call *call, struct text topic,
                               const struct eventlog_topic_options *options,
                               enum status (*run)(struct local_eventlog *log,
                                                  struct local_write *write))
{
    struct topic_write *change = calloc(1, sizeof(*change));
    if (change == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "no memory for a topic");
    }
    memcpy(change->topic, topic.data, topic.length);
    change->name = text_of_bytes(change->topic, topic.length);
    change->options = *options;
    struct local_write *write = &change->write;
    *write = (struct local_write){
        .run = run, .release = release_write, .bytes = sizeof(*change), .loop = admin->loop};
    enum status status = local_writer_do(admin->log, call, write);
    if (status != STATUS_OK) {
        return status;
    }
    status = write->status;
    if (status == STATUS_ALREADY_EXISTS) {
        (void)call_fail(call, status, "there is a topic of that name");
    } else if (status == STATUS_NOT_FOUND) {
        (void)call_fail(call, status, "there is no topic of that name");
    } else if (status != STATUS_OK) {
        (void)local_write_fail(call, write);
    }
    write->release(write);
    return status;
}

static enum status admin_create_topic(void *state, struct call *call, struct text topic,
                                      const struct eventlog_topic_options *options)
{
    struct local_admin *admin = state;
    enum status status = eventlog_check_topic(call, topic, options);
    if (status != STATUS_OK) {
        return status;
    }
    const struct eventlog_topic_options *defaults = &admin->log->topic_options;
    bool compacts = options->cleanup == EVENTLOG_CLEANUP_COMPACT;
    struct eventlog_topic_options wanted = *options;
    if (wanted.partitions == 0) {
        wanted.partitions = defaults->partitions;
    }
    if (compacts || wanted.retention_ms < 0) {
        wanted.retention_ms = compacts ? 0 : defaults->retention_ms;
    }
    if (compacts || wanted.retention_bytes < 0) {
        wanted.retention_bytes = compacts ? 0 : defaults->retention_bytes;
    }
    if (compacts && wanted.tombstone_ms == 0) {
        wanted.tombstone_ms = EVENTLOG_TOMBSTONE_MS_DEFAULT;
    }
    return write_topic(admin, call, topic, &wanted, run_create);
}

static enum status admin_delete_topic(void *state, struct call *call, struct text topic)
{
    const struct eventlog_topic_options none = {0};
    enum status status = eventlog_check_topic(call, topic, &none);
    return status == STATUS_OK ? write_topic(state, call, topic, &none, run_delete) : status;
}

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
}

static enum status fail_read(struct call *call, enum status status,
                             const struct local_failure *failure)
{
    (void)call_fail_detail(call, status, "%s", failure->text);
    return status == STATUS_DATA_LOSS ? call_fail(call, status, "the event log: %s", failure->text)
                                      : call_fail(call, status, "the event log cannot be read");
}

/* Topics as they are collected; ids beside them, for their groups. */
struct topic_rows {
    struct arena *arena;
    struct eventlog_topic_state *rows;
    uint32_t *ids;
    size_t count;
    size_t capacity;
    bool overrun;
};

static bool count_topic(void *argument, const struct local_topic_visit *topic)
{
    struct topic_rows *found = argument;
    (void)topic;
    found->capacity++;
    return true;
}

static bool collect_topic(void *argument, const struct local_topic_visit *topic)
{
    struct topic_rows *found = argument;
    size_t partitions = (size_t)topic->topic.options.partitions;
    struct eventlog_partition_state *states =
        arena_calloc(found->arena, partitions, sizeof(*states));
    struct text name = arena_copy(found->arena, topic->name);
    if (states == NULL || name.data == NULL || found->count == found->capacity) {
        found->overrun = true;
        return false;
    }
    for (size_t i = 0; i < partitions; i++) {
        const struct local_bounds *bounds = &topic->bounds[i];
        states[i] =
            (struct eventlog_partition_state){.begin_offset = bounds->begin,
                                              .end_offset = bounds->end,
                                              .bytes = bounds->raw_bytes + bounds->clean_bytes};
    }
    found->ids[found->count] = topic->topic.id;
    found->rows[found->count++] = (struct eventlog_topic_state){
        .name = name, .options = topic->topic.options, .partitions = states};
    return true;
}

/* By name, as they are stored. */
static enum status read_topics(struct local_admin *admin, struct call *call,
                               struct topic_rows *ret_found)
{
    struct topic_rows found = {.arena = call->arena, .capacity = NEW_TOPICS_MAX};
    struct local_failure failure = {.text = ""};
    enum status status = local_store_each_topic(admin->log->store, count_topic, &found, &failure);
    if (status != STATUS_OK) {
        return fail_read(call, status, &failure);
    }
    found.rows = arena_calloc(call->arena, found.capacity, sizeof(*found.rows));
    found.ids = arena_calloc(call->arena, found.capacity, sizeof(*found.ids));
    if (found.rows == NULL || found.ids == NULL) {
        return fail_room(call);
    }
    status = local_store_each_topic(admin->log->store, collect_topic, &found, &failure);
    if (status != STATUS_OK) {
        return fail_read(call, status, &failure);
    }
    *ret_found = found;
    return found.overrun ? fail_room(call) : STATUS_OK;
}

static enum status admin_list_topics(void *state, struct call *call,
                                     struct eventlog_topics *ret_topics)
{
    struct topic_rows found = {.count = 0};
    enum status status = read_topics(state, call, &found);
    if (status == STATUS_OK) {
        *ret_topics = (struct eventlog_topics){.rows = found.rows, .count = found.count};
    }
    return status;
}

/* Rows of groups, in memory that grows; copied into the arena at the end. */
struct group_rows {
    struct arena *arena;
    struct eventlog_group_state *rows;
    size_t count;
    size_t capacity;
    bool overrun;
    const struct eventlog_topic_state *topic; /* that is being collected */
};

static struct eventlog_group_state *find_row(struct group_rows *found, struct text group,
                                             int32_t partition)
{
    for (size_t i = found->count; i > 0; i--) {
        struct eventlog_group_state *row = &found->rows[i - 1];
        if (row->partition == partition && text_equal(row->group, group) &&
            text_equal(row->topic, found->topic->name)) {
            return row;
        }
    }
    return NULL;
}

static struct eventlog_group_state *add_row(struct group_rows *found, struct text group,
                                            int32_t partition)
{
    if (found->count == found->capacity) {
        size_t capacity = found->capacity == 0 ? 64 : found->capacity * 2;
        struct eventlog_group_state *rows = realloc(found->rows, capacity * sizeof(*rows));
        if (rows == NULL) {
            found->overrun = true;
            return NULL;
        }
        found->rows = rows;
        found->capacity = capacity;
    }
    const struct eventlog_partition_state *state = &found->topic->partitions[partition];
    struct eventlog_group_state *row = &found->rows[found->count];
    *row = (struct eventlog_group_state){
        .group = arena_copy(found->arena, group),
        .topic = found->topic->name,
        .partition = partition,
        .committed = -1,
        .begin_offset = state->begin_offset,
        .end_offset = state->end_offset,
    };
    if (row->group.data == NULL) {
        found->overrun = true;
        return NULL;
    }
    found->count++;
    return row;
}

static bool collect_committed(void *argument, struct text group, int32_t partition,
                              const struct local_committed *committed)
{
    struct group_rows *found = argument;
    if (partition < 0 || partition >= found->topic->options.partitions) {
        return true;
    }
    struct eventlog_group_state *row = find_row(found, group, partition);
    row = row == NULL ? add_row(found, group, partition) : row;
    if (row != NULL) {
        row->committed = committed->next_offset;
    }
    return row != NULL;
}

/* Of a group that has a file: every partition. */
static void collect_view(struct group_rows *found, const struct local_group_view *view)
{
    for (int32_t i = 0; i < found->topic->options.partitions && !found->overrun; i++) {
        struct eventlog_group_state *row = add_row(found, view->group, i);
        if (row == NULL) {
            return;
        }
        row->committed = view->noted[i];
        if (view->owners[i] != 0) {
            row->owner = arena_format(found->arena, "process %u", view->owners[i]);
            found->overrun = row->owner.data == NULL;
        }
    }
}

static void collect_files(struct local_eventlog *log, struct group_rows *found)
{
    int fd = openat(log->group_folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL && !found->overrun) {
        struct local_group_view view;
        if (local_group_is_of_topic(entry->d_name, found->topic->name) &&
            local_group_view(log->group_folder_fd, entry->d_name, &view)) {
            collect_view(found, &view);
        }
    }
    (void)closedir(folder);
}

static enum status collect_groups(struct local_admin *admin, struct call *call,
                                  const struct topic_rows *topics, struct group_rows *found)
{
    for (size_t i = 0; i < topics->count && !found->overrun; i++) {
        struct local_failure failure = {.text = ""};
        found->topic = &topics->rows[i];
        collect_files(admin->log, found);
        enum status status = local_store_each_committed(admin->log->store, topics->ids[i],
                                                        collect_committed, found, &failure);
        if (status != STATUS_OK) {
            return fail_read(call, status, &failure);
        }
    }
    return found->overrun ? fail_room(call) : STATUS_OK;
}

static enum status admin_list_groups(void *state, struct call *call,
                                     struct eventlog_groups *ret_groups)
{
    struct topic_rows topics = {.count = 0};
    enum status status = read_topics(state, call, &topics);
    if (status != STATUS_OK) {
        return status;
    }
    struct group_rows found = {.arena = call->arena};
    status = collect_groups(state, call, &topics, &found);
    struct eventlog_group_state *rows = arena_calloc(call->arena, found.count + 1, sizeof(*rows));
    if (status == STATUS_OK && rows == NULL) {
        status = fail_room(call);
    }
    if (status == STATUS_OK) {
        if (found.count > 0) {
            memcpy(rows, found.rows, found.count * sizeof(*rows));
        }
        eventlog_sort_groups(rows, found.count);
        *ret_groups = (struct eventlog_groups){.rows = rows, .count = found.count};
    }
    free(found.rows);
    return status;
}

static void admin_close(void *state)
{
    free(state);
}

enum status local_eventlog_admin_open(struct local_eventlog *log, struct loop *loop,
                                      struct call *call, struct eventlog_admin *ret_admin)
{
    static const struct eventlog_admin_ops ops = {
        .create_topic = admin_create_topic,
        .delete_topic = admin_delete_topic,
        .list_topics = admin_list_topics,
        .list_groups = admin_list_groups,
        .close = admin_close,
    };
    struct local_admin *admin = calloc(1, sizeof(*admin));
    if (admin == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for an administrator");
    }
    admin->log = log;
    admin->loop = loop;
    *ret_admin = (struct eventlog_admin){.ops = &ops, .state = admin};
    return STATUS_OK;
}
