#include "eventlog/local_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILE_MODE = 0600, FILE_VERSION = 1 };
enum { NAME_BYTES = EVENTLOG_GROUP_BYTES_MAX + EVENTLOG_TOPIC_BYTES_MAX + 2 };

#define FILE_MAGIC UINT32_C(0x4d514752)

/* Of a member. Zero: free. */
struct member {
    _Atomic uint64_t number;
    _Atomic int64_t renewed_ns; /* on the monotonic clock, which all processes share */
    _Atomic uint32_t session_ms;
    _Atomic uint32_t process;
};

/* Of a partition. owner: the generation in the upper half; in the lower that of its member's number
 * or 0. One word, so that it changes as a whole. */
struct ownership {
    _Atomic uint64_t owner;
    _Atomic int64_t noted; /* plus one; 0: nothing */
};

/* As zeroes: an empty group. */
struct group_file {
    _Atomic uint32_t magic;
    _Atomic uint32_t version;
    struct member members[LOCAL_GROUP_MEMBERS_MAX];
    struct ownership partitions[EVENTLOG_PARTITIONS_MAX];
};

_Static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "shared words must be plain words");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared words must need no lock");

struct local_group {
    struct group_file *file;
    const struct local_wake *wake;
    int64_t session_ms;
    size_t place;                         /* of this member */
    bool living[LOCAL_GROUP_MEMBERS_MAX]; /* as of the last rank */
};

static uint32_t short_number(uint64_t number)
{
    return (uint32_t)number;
}

static struct group_file *map_file(int fd, int protection)
{
    void *mapped = mmap(NULL, sizeof(struct group_file), protection, MAP_SHARED, fd, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

/* The room is allocated first: a hole that the disk cannot fill would end the process. */
static enum status open_file(int folder_fd, const char *name, struct call *call,
                             struct group_file **ret_file)
{
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    int error = fd < 0 ? errno : posix_fallocate(fd, 0, sizeof(struct group_file));
    struct group_file *file = error == 0 ? map_file(fd, PROT_READ | PROT_WRITE) : NULL;
    if (error == 0 && file == NULL) {
        error = errno;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (file == NULL) {
        (void)call_fail_detail(call, STATUS_UNAVAILABLE, "group %s: errno %d", name, error);
        return call_fail(call, STATUS_UNAVAILABLE, "the group's file cannot be opened");
    }
    uint32_t none = 0;
    (void)atomic_compare_exchange_strong(&file->version, &none, FILE_VERSION);
    none = 0;
    (void)atomic_compare_exchange_strong(&file->magic, &none, FILE_MAGIC);
    if (atomic_load(&file->magic) != FILE_MAGIC || atomic_load(&file->version) != FILE_VERSION) {
        (void)munmap(file, sizeof(*file));
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "the group's file is of another version of Marquee: end the processes "
                         "of that one and remove it");
    }
    *ret_file = file;
    return STATUS_OK;
}

static bool is_fresh(struct member *member, int64_t now_ns)
{
    int64_t age_ns = now_ns - atomic_load(&member->renewed_ns);
    /* In the future: before the machine was started anew. */
    return age_ns >= -CLOCK_NS_PER_S &&
           age_ns <= (int64_t)atomic_load(&member->session_ms) * CLOCK_NS_PER_MS;
}

/* Takes a place that is free, or whose member has lapsed. place: LOCAL_GROUP_MEMBERS_MAX, where
 * there is none. */
static void join(struct local_group *group)
{
    int64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < LOCAL_GROUP_MEMBERS_MAX; i++) {
        struct member *member = &group->file->members[i];
        uint64_t number = atomic_load(&member->number);
        if (number != 0 && is_fresh(member, now_ns)) {
            continue;
        }
        if (atomic_compare_exchange_strong(&member->number, &number, group->wake->number)) {
            atomic_store(&member->session_ms, (uint32_t)group->session_ms);
            atomic_store(&member->process, (uint32_t)getpid());
            atomic_store(&member->renewed_ns, now_ns);
            group->place = i;
            return;
        }
    }
    group->place = LOCAL_GROUP_MEMBERS_MAX;
}

enum status local_group_open(int folder_fd, struct text group_name, struct text topic,
                             const struct local_wake *wake, int64_t session_ms, struct call *call,
                             struct local_group **ret_group)
{
    struct local_group *group = calloc(1, sizeof(*group));
    if (group == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a group");
    }
    /* '@' is in no name, so no two groups share a file. */
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "%.*s@%.*s", TEXT_ARGUMENTS(group_name),
                   TEXT_ARGUMENTS(topic));
    enum status status = open_file(folder_fd, name, call, &group->file);
    if (status != STATUS_OK) {
        free(group);
        return status;
    }
    group->wake = wake;
    group->session_ms = session_ms;
    join(group);
    *ret_group = group;
    return STATUS_OK;
}

void local_group_close(struct local_group *group)
{
    if (group == NULL) {
        return;
    }
    if (group->place < LOCAL_GROUP_MEMBERS_MAX) {
        uint64_t number = group->wake->number;
        (void)atomic_compare_exchange_strong(&group->file->members[group->place].number, &number,
                                             0);
    }
    (void)munmap(group->file, sizeof(*group->file));
    free(group);
}

bool local_group_renew(struct local_group *group)
{
    if (group->place == LOCAL_GROUP_MEMBERS_MAX) {
        join(group);
        return group->place < LOCAL_GROUP_MEMBERS_MAX;
    }
    int64_t now_ns = clock_monotonic_ns();
    struct member *member = &group->file->members[group->place];
    bool lapsed = !is_fresh(member, now_ns);
    if (atomic_load(&member->number) != group->wake->number) {
        join(group);
        return true;
    }
    atomic_store(&member->renewed_ns, now_ns);
    return lapsed;
}

struct local_rank local_group_rank(struct local_group *group)
{
    int64_t now_ns = clock_monotonic_ns();
    uint64_t own = group->wake->number;
    struct local_rank rank = {0};
    for (size_t i = 0; i < LOCAL_GROUP_MEMBERS_MAX; i++) {
        struct member *member = &group->file->members[i];
        uint64_t number = atomic_load(&member->number);
        group->living[i] = false;
        if (number == 0 || (i != group->place && !is_fresh(member, now_ns))) {
            continue;
        }
        if (i != group->place && !local_wake_is_alive(group->wake, number)) {
            (void)atomic_compare_exchange_strong(&member->number, &number, 0);
            continue;
        }
        group->living[i] = true;
        rank.count++;
        rank.rank += number < own ? 1 : 0;
    }
    return group->place < LOCAL_GROUP_MEMBERS_MAX ? rank : (struct local_rank){0};
}

static bool is_living(const struct local_group *group, uint32_t owner)
{
    for (size_t i = 0; i < LOCAL_GROUP_MEMBERS_MAX; i++) {
        if (group->living[i] &&
            short_number(atomic_load(&group->file->members[i].number)) == owner) {
            return true;
        }
    }
    return false;
}

uint32_t local_group_take(struct local_group *group, int32_t partition)
{
    struct ownership *ownership = &group->file->partitions[partition];
    uint64_t before = atomic_load(&ownership->owner);
    uint32_t owner = short_number(before);
    if (owner != 0 && owner != short_number(group->wake->number) && is_living(group, owner)) {
        return 0;
    }
    uint32_t generation = (uint32_t)(before >> 32) + 1;
    generation = generation == 0 ? 1 : generation;
    uint64_t after = (uint64_t)generation << 32 | short_number(group->wake->number);
    return atomic_compare_exchange_strong(&ownership->owner, &before, after) ? generation : 0;
}

static uint64_t owner_word(const struct local_group *group, uint32_t generation)
{
    return (uint64_t)generation << 32 | short_number(group->wake->number);
}

bool local_group_owns(const struct local_group *group, int32_t partition, uint32_t generation)
{
    return atomic_load(&group->file->partitions[partition].owner) == owner_word(group, generation);
}

void local_group_give(struct local_group *group, int32_t partition, uint32_t generation)
{
    uint64_t own = owner_word(group, generation);
    (void)atomic_compare_exchange_strong(&group->file->partitions[partition].owner, &own,
                                         (uint64_t)generation << 32);
}

void local_group_note(struct local_group *group, int32_t partition, int64_t next_offset)
{
    atomic_store(&group->file->partitions[partition].noted, next_offset + 1);
}

bool local_group_is_of_topic(const char *name, struct text topic)
{
    struct text rest = text_of(name);
    (void)text_next(&rest, '@');
    return text_equal(rest, topic);
}

/* The process of the living member of that number; 0: there is none. */
static uint32_t process_of(struct group_file *file, uint32_t owner)
{
    int64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; owner != 0 && i < LOCAL_GROUP_MEMBERS_MAX; i++) {
        struct member *member = &file->members[i];
        if (short_number(atomic_load(&member->number)) == owner && is_fresh(member, now_ns)) {
            return atomic_load(&member->process);
        }
    }
    return 0;
}

bool local_group_view(int folder_fd, const char *name, struct local_group_view *ret_view)
{
    struct text topic = text_of(name);
    struct text group = text_next(&topic, '@');
    struct stat about;
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool fits = fd >= 0 && fstat(fd, &about) == 0 &&
                (size_t)about.st_size >= sizeof(struct group_file) &&
                eventlog_name_is_valid(group) && eventlog_name_is_valid(topic);
    struct group_file *file = fits ? map_file(fd, PROT_READ) : NULL;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (file == NULL) {
        return false;
    }
    bool known =
        atomic_load(&file->magic) == FILE_MAGIC && atomic_load(&file->version) == FILE_VERSION;
    ret_view->group = group;
    ret_view->topic = topic;
    for (size_t i = 0; known && i < EVENTLOG_PARTITIONS_MAX; i++) {
        struct ownership *ownership = &file->partitions[i];
        ret_view->noted[i] = atomic_load(&ownership->noted) - 1;
        ret_view->owners[i] = process_of(file, short_number(atomic_load(&ownership->owner)));
    }
    (void)munmap(file, sizeof(*file));
    return known;
}
