#include "unit/proto/shapes_fixture.h"

#include <stdlib.h>

extern const unsigned char marquee_shapes_proto_descriptor_set[];
extern const size_t marquee_shapes_proto_descriptor_set_size;

int shapes_set_up(void **state)
{
    struct shapes *shapes = calloc(1, sizeof(*shapes));
    CHECK(shapes != NULL);
    struct proto_descriptor_set set = {marquee_shapes_proto_descriptor_set,
                                       marquee_shapes_proto_descriptor_set_size};
    const ProtobufCMessageDescriptor *const roots[] = {
        &shapes__all__descriptor, &shapes__nothing__descriptor, &shapes__well_known__descriptor};
    CHECK(proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), &shapes->pool) == STATUS_OK);
    arena_init(&shapes->arena, SHAPES_ARENA_BYTES);
    call_init(&shapes->call, &shapes->arena, 0);
    buffer_init(&shapes->buffer, SHAPES_ARENA_BYTES);
    *state = shapes;
    return 0;
}

int shapes_tear_down(void **state)
{
    struct shapes *shapes = *state;
    buffer_deinit(&shapes->buffer);
    arena_deinit(&shapes->arena);
    proto_pool_destroy(shapes->pool);
    free(shapes);
    return 0;
}

void shapes_reset(struct shapes *shapes, size_t arena_bytes)
{
    arena_deinit(&shapes->arena);
    arena_init(&shapes->arena, arena_bytes);
    call_init(&shapes->call, &shapes->arena, 0);
    buffer_clear(&shapes->buffer);
}

const struct proto_type *shapes_type(const struct shapes *shapes, const char *full_name)
{
    const struct proto_type *type = proto_pool_find_type(shapes->pool, text_of(full_name));
    CHECK(type != NULL);
    return type;
}
