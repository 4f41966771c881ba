#include "unit/access/access_scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_test.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

int access_scene_set_up(void **state)
{
    struct access_scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    arena_init(&scene->arena, 16 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, 0);
    scratch_directory_make(scene->directory);
    (void)snprintf(scene->file, sizeof(scene->file), "%s/file", scene->directory);
    *state = scene;
    return 0;
}

int access_scene_tear_down(void **state)
{
    struct access_scene *scene = *state;
    scratch_directory_remove(scene->directory);
    arena_deinit(&scene->arena);
    free(scene);
    return 0;
}

void access_scene_write(struct access_scene *scene, struct text content)
{
    FILE *file = fopen(scene->file, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.length, file), content.length);
    assert_int_equal(fclose(file), 0);
}

struct text access_scene_read(struct access_scene *scene)
{
    char *bytes = arena_alloc(&scene->arena, FILE_BYTES_MAX);
    FILE *file = fopen(scene->file, "re");
    assert_non_null(file);
    assert_non_null(bytes);
    size_t length = fread(bytes, 1, FILE_BYTES_MAX, file);
    assert_int_equal(fclose(file), 0);
    return text_of_bytes(bytes, length);
}

struct text access_scene_error(struct access_scene *scene)
{
    struct text message = scene->call.error.message;
    call_clear_error(&scene->call);
    return message;
}
