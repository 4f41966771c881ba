#include "eventlog/local_wake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/random.h"

enum { HASH_DIGITS = 16, TOPIC_BYTES = HASH_DIGITS + 1, MEMBER_BYTES = 2 * TOPIC_BYTES };

/* The beginning of the names of a topic's sockets: its hash and a dot. */
struct name_start {
    char text[TOPIC_BYTES + 1];
};

static struct name_start start_of_topic(struct text topic)
{
    struct name_start start;
    (void)snprintf(start.text, sizeof(start.text), "%016llx.",
                   (unsigned long long)text_hash(topic));
    return start;
}

static struct sockaddr_un address_of(int folder_fd, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
                          folder_fd, name);
    CHECK(length > 0 && (size_t)length < sizeof(address.sun_path));
    return address;
}

enum status local_wake_open(int folder_fd, struct text topic, struct text group, struct call *call,
                            struct local_wake *ret_wake)
{
    struct local_wake wake = {.folder_fd = folder_fd};
    do {
        random_secret(&wake.number, sizeof(wake.number));
    } while ((uint32_t)wake.number == 0 || wake.number >> 32 == 0);
    int length =
        snprintf(wake.name, sizeof(wake.name), "%s%016llx.%016llx", start_of_topic(topic).text,
                 (unsigned long long)text_hash(group), (unsigned long long)wake.number);
    CHECK(length > 0 && (size_t)length < sizeof(wake.name));
    char hidden[LOCAL_WAKE_NAME_BYTES + 1];
    (void)snprintf(hidden, sizeof(hidden), ".%s", wake.name);
    wake.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wake.fd < 0) {
        return call_fail_detail(call, STATUS_UNAVAILABLE, "socket: errno %d", errno);
    }
    struct sockaddr_un address = address_of(folder_fd, hidden);
    if (bind(wake.fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        renameat(folder_fd, hidden, folder_fd, wake.name) != 0) {
        int error = errno;
        (void)close(wake.fd);
        return call_fail_detail(call, STATUS_UNAVAILABLE, "binding %s: errno %d", wake.name, error);
    }
    *ret_wake = wake;
    return STATUS_OK;
}

void local_wake_close(struct local_wake *wake)
{
    if (wake->fd >= 0) {
        (void)unlinkat(wake->folder_fd, wake->name, 0);
        (void)close(wake->fd);
        wake->fd = -1;
    }
}

bool local_wake_drain(struct local_wake *wake)
{
    bool members = false;
    char kind;
    while (recv(wake->fd, &kind, sizeof(kind), 0) >= 0) {
        members = members || kind == LOCAL_WAKE_MEMBERS;
    }
    return members;
}

/* Calls visit(argument, name) for each visible name that begins with `start`. */
static void walk_names(int folder_fd, struct text start,
                       void (*visit)(void *argument, const char *name), void *argument)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < LOCAL_WAKE_NAME_BYTES &&
            text_starts_with(text_of(entry->d_name), start)) {
            visit(argument, entry->d_name);
        }
    }
    (void)closedir(folder);
}

struct sending {
    int folder_fd;
    int sender;
    char kind;
    const char *except;
};

static void send_to(void *argument, const char *name)
{
    const struct sending *sending = argument;
    if (sending->except != NULL && strcmp(name, sending->except) == 0) {
        return;
    }
    struct sockaddr_un address = address_of(sending->folder_fd, name);
    ssize_t sent =
        sendto(sending->sender, &sending->kind, sizeof(sending->kind), MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&address, sizeof(address));
    if (sent < 0 && errno == ECONNREFUSED) {
        (void)unlinkat(sending->folder_fd, name, 0);
    }
}

void local_wake_send(int folder_fd, int sender, struct text topic, enum local_wake_kind kind)
{
    struct sending sending = {.folder_fd = folder_fd, .sender = sender, .kind = (char)kind};
    struct name_start start = {{0}};
    if (topic.length > 0) {
        start = start_of_topic(topic);
    }
    walk_names(folder_fd, text_of(start.text), send_to, &sending);
}

void local_wake_send_members(const struct local_wake *wake, int sender)
{
    struct sending sending = {.folder_fd = wake->folder_fd,
                              .sender = sender,
                              .kind = LOCAL_WAKE_MEMBERS,
                              .except = wake->name};
    walk_names(wake->folder_fd, text_of_bytes(wake->name, MEMBER_BYTES), send_to, &sending);
}

bool local_wake_is_alive(const struct local_wake *wake, uint64_t number)
{
    char name[LOCAL_WAKE_NAME_BYTES];
    (void)snprintf(name, sizeof(name), "%.*s%016llx", MEMBER_BYTES, wake->name,
                   (unsigned long long)number);
    /* A connection of a datagram socket sends nothing. */
    int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return true;
    }
    struct sockaddr_un address = address_of(wake->folder_fd, name);
    int error = connect(probe, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    (void)close(probe);
    if (error == ECONNREFUSED) {
        (void)unlinkat(wake->folder_fd, name, 0);
    }
    return error != ECONNREFUSED && error != ENOENT;
}
