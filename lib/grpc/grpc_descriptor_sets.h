/* grpc_descriptor_sets.h: the descriptor sets that the build embeds for the services that every
 * server has, and the same with their comments (cmake/protobuf_c.cmake). */
#pragma once

#include <stddef.h>

extern const unsigned char marquee_health_proto_descriptor_set[];
extern const size_t marquee_health_proto_descriptor_set_size;
extern const unsigned char marquee_reflection_proto_descriptor_set[];
extern const size_t marquee_reflection_proto_descriptor_set_size;
extern const unsigned char marquee_health_proto_documented_set[];
extern const size_t marquee_health_proto_documented_set_size;
extern const unsigned char marquee_reflection_proto_documented_set[];
extern const size_t marquee_reflection_proto_documented_set_size;
