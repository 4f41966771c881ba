#include "rating/relay/rating_relay_position.h"

enum status rating_relay_get_position(struct rating_repository repository, struct call *call,
                                      int64_t *ret_sequence)
{
    return repository.ops->get_position(repository.state, call, TEXT(RATING_RELAY_POSITION_TOPIC),
                                        0, ret_sequence);
}
