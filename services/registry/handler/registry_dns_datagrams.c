/* DNS over UDP: as many queries as wait are read by one system call, and answered by one. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "registry/handler/registry_dns_private.h"

enum { BATCH = 16 };

/* One turn's datagrams, in place: each reply takes the room of its query. */
struct batch {
    struct mmsghdr headers[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_storage peers[BATCH];
    uint8_t bytes[BATCH][DNS_DATAGRAM_BYTES_MAX];
};

static int receive(int fd, struct batch *batch)
{
    for (unsigned i = 0; i < BATCH; i++) {
        batch->parts[i] = (struct iovec){batch->bytes[i], sizeof(batch->bytes[i])};
        batch->headers[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &batch->peers[i],
                                                         .msg_namelen = sizeof(batch->peers[i]),
                                                         .msg_iov = &batch->parts[i],
                                                         .msg_iovlen = 1}};
    }
    int count;
    do {
        count = recvmmsg(fd, batch->headers, BATCH, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    return count;
}

/* Fills in the replies; those that are due move to the front. */
static unsigned answer(struct registry_dns *dns, struct batch *batch, unsigned count)
{
    unsigned due = 0;
    for (unsigned i = 0; i < count; i++) {
        struct text query = text_of_bytes(batch->bytes[i], batch->headers[i].msg_len);
        bool is_whole = (batch->headers[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
        size_t length = is_whole ? registry_dns_reply(dns, query, true) : 0;
        if (length == 0) {
            continue;
        }
        CHECK(length <= sizeof(batch->bytes[i]));
        memcpy(batch->bytes[i], dns->reply, length);
        batch->parts[i].iov_len = length;
        batch->headers[due++] = batch->headers[i];
    }
    return due;
}

void registry_dns_read_datagrams(void *argument)
{
    struct registry_dns *dns = argument;
    struct batch batch;
    int count = receive(dns->datagram_fd, &batch);
    unsigned due = count > 0 ? answer(dns, &batch, (unsigned)count) : 0;
    for (unsigned sent = 0; sent < due;) {
        int done = sendmmsg(dns->datagram_fd, batch.headers + sent, due - sent, MSG_DONTWAIT);
        if (done < 0 && errno != EINTR) {
            /* Like one that the network drops: the client asks again. The others go on. */
            done = 1;
        }
        sent += done > 0 ? (unsigned)done : 0;
    }
}
