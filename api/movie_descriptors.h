/* movie_descriptors.h: the FileDescriptorSet of movie.proto and what it imports, as it was compiled
 * in, and the same with its comments. */
#pragma once

#include "proto/proto.h"

extern const unsigned char marquee_movie_proto_descriptor_set[];
extern const size_t marquee_movie_proto_descriptor_set_size;

extern const unsigned char marquee_movie_proto_documented_set[];
extern const size_t marquee_movie_proto_documented_set_size;

static inline struct proto_descriptor_set movie_descriptor_set(void)
{
    return (struct proto_descriptor_set){marquee_movie_proto_descriptor_set,
                                         marquee_movie_proto_descriptor_set_size};
}

static inline struct proto_descriptor_set movie_documented_set(void)
{
    return (struct proto_descriptor_set){marquee_movie_proto_documented_set,
                                         marquee_movie_proto_documented_set_size};
}
