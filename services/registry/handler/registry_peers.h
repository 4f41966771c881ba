/* registry_peers.h: how many queries wait for each address, so that none can take all the room that
 * there is for them. */
#pragma once

#include "base/text.h"

struct registry_peers;
struct registry_peer;

/* NULL: no memory. Owned by the caller. */
struct registry_peers *registry_peers_create(void);

/* Nobody may be in it. NULL is accepted. */
void registry_peers_destroy(struct registry_peers *peers);

/* peer: "127.0.0.1:40312", of which the port does not count. NULL: `most` are in already, or there
 * is no memory. Until registry_peer_leave(). */
struct registry_peer *registry_peer_enter(struct registry_peers *peers, struct text peer,
                                          unsigned most);
void registry_peer_leave(struct registry_peer *peer);
