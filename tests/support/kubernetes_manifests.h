/* kubernetes_manifests.h: reads manifests, for tests that run what they say. */
#pragma once

#include <stddef.h>

#include "base/text.h"

enum { KUBERNETES_OBJECTS_MAX = 32, KUBERNETES_PATH_BYTES_MAX = 256 };

struct kubernetes_object;

/* Every object of some files. */
struct kubernetes_manifests {
    struct kubernetes_object *objects[KUBERNETES_OBJECTS_MAX];
    size_t count;
};

/* Adds those of a file. A file that cannot be read fails the test. Zeroed before the first. */
void kubernetes_manifests_read(struct kubernetes_manifests *manifests, const char *path);
void kubernetes_manifests_free(struct kubernetes_manifests *manifests);

/* NULL: there is none. kind: "Service", …; name: NULL for any. */
const struct kubernetes_object *
kubernetes_manifests_find(const struct kubernetes_manifests *manifests, const char *kind,
                          const char *name);

/* The scalar at a path, which names members and numbers items from 0: "spec/ports/0/name".
 * {NULL, 0}: there is none. Borrowed from the manifests. */
struct text kubernetes_text(const struct kubernetes_object *object, const char *path, ...)
    PRINTF_LIKE(2, 3);

/* How many items or members there are at a path; 0: none. */
size_t kubernetes_count(const struct kubernetes_object *object, const char *path, ...)
    PRINTF_LIKE(2, 3);

/* Whether the pods that the workload makes have all labels that a selector (at the path in its
 * object) asks for, and it asks for some. */
bool kubernetes_selects(const struct kubernetes_object *selecting, const char *selector,
                        const struct kubernetes_object *workload);
