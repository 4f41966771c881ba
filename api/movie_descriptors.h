/* movie_descriptors.h: the FileDescriptorSet of movie.proto, as it was compiled in. */
#pragma once

#include "proto/proto.h"

extern const unsigned char marquee_movie_proto_descriptor_set[];
extern const size_t marquee_movie_proto_descriptor_set_size;

static inline struct proto_descriptor_set movie_descriptor_set(void)
{
    return (struct proto_descriptor_set){marquee_movie_proto_descriptor_set,
                                         marquee_movie_proto_descriptor_set_size};
}
