#include "registry/handler/registry_peers.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/list.h"
#include "base/random.h"

enum { BUCKETS = 1024 };

struct registry_peer {
    struct list link; /* in its bucket */
    unsigned count;   /* who are in */
    size_t length;
    char address[];
};

struct registry_peers {
    struct list buckets[BUCKETS];
    unsigned char secret[DIGEST_KEY_BYTES]; /* a network of IPv6 has addresses for any bucket */
};

struct registry_peers *registry_peers_create(void)
{
    struct registry_peers *peers = calloc(1, sizeof(*peers));
    if (peers == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        list_init(&peers->buckets[i]);
    }
    random_secret(peers->secret, sizeof(peers->secret));
    return peers;
}

void registry_peers_destroy(struct registry_peers *peers)
{
    for (size_t i = 0; peers != NULL && i < BUCKETS; i++) {
        CHECK(list_is_empty(&peers->buckets[i]));
    }
    free(peers);
}

static struct text without_port(struct text peer)
{
    size_t end = peer.length;
    while (end > 0 && peer.data[end - 1] != ':') {
        end--;
    }
    return text_slice(peer, 0, end > 0 ? end - 1 : peer.length);
}

static struct registry_peer *find(struct list *bucket, struct text address)
{
    for (struct list *link = bucket->next; link != bucket; link = link->next) {
        struct registry_peer *peer = CONTAINER_OF(link, struct registry_peer, link);
        if (text_equal((struct text){peer->address, peer->length}, address)) {
            return peer;
        }
    }
    return NULL;
}

struct registry_peer *registry_peer_enter(struct registry_peers *peers, struct text peer,
                                          unsigned most)
{
    struct text address = without_port(peer);
    struct list *bucket = &peers->buckets[digest_with(peers->secret, address).low % BUCKETS];
    struct registry_peer *found = find(bucket, address);
    if (found == NULL) {
        found = calloc(1, sizeof(*found) + address.length);
        if (found == NULL) {
            return NULL;
        }
        if (address.length > 0) {
            memcpy(found->address, address.data, address.length);
        }
        found->length = address.length;
        list_append(bucket, &found->link);
    }
    if (found->count == most) {
        return NULL;
    }
    found->count++;
    return found;
}

void registry_peer_leave(struct registry_peer *peer)
{
    if (--peer->count == 0) {
        list_remove(&peer->link);
        free(peer);
    }
}
