#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "support/cmocka_test.h"
#include "support/kubernetes_manifests.h"

struct kubernetes_object {
    yaml_document_t document;
};

static struct text node_text(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE
               ? text_of_bytes(node->data.scalar.value, node->data.scalar.length)
               : (struct text){NULL, 0};
}

/* libyaml's functions take documents that they do not change as if they did. */
static yaml_document_t *document_of(const struct kubernetes_object *object)
{
    return &((struct kubernetes_object *)(uintptr_t)object)->document;
}

static yaml_node_t *member(yaml_document_t *document, const yaml_node_t *mapping, struct text name)
{
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        if (text_equal(node_text(yaml_document_get_node(document, pair->key)), name)) {
            return yaml_document_get_node(document, pair->value);
        }
    }
    return NULL;
}

static yaml_node_t *item(yaml_document_t *document, const yaml_node_t *sequence, struct text number)
{
    uint64_t index;
    assert_true(text_to_u64(number, &index));
    const yaml_node_item_t *start = sequence->data.sequence.items.start;
    return start + index < sequence->data.sequence.items.top
               ? yaml_document_get_node(document, start[index])
               : NULL;
}

static const yaml_node_t *find(const struct kubernetes_object *object, const char *format,
                               va_list arguments) PRINTF_LIKE(2, 0);

static const yaml_node_t *find(const struct kubernetes_object *object, const char *format,
                               va_list arguments)
{
    char path[KUBERNETES_PATH_BYTES_MAX];
    yaml_document_t *document = document_of(object);
    yaml_node_t *node = yaml_document_get_root_node(document);
    assert_true(vsnprintf(path, sizeof(path), format, arguments) < (int)sizeof(path));
    for (struct text rest = text_of(path); rest.data != NULL && node != NULL;) {
        struct text step = text_next(&rest, '/');
        node = node->type == YAML_MAPPING_NODE    ? member(document, node, step)
               : node->type == YAML_SEQUENCE_NODE ? item(document, node, step)
                                                  : NULL;
    }
    return node;
}

struct text kubernetes_text(const struct kubernetes_object *object, const char *path, ...)
{
    va_list arguments;
    va_start(arguments, path);
    struct text text = node_text(find(object, path, arguments));
    va_end(arguments);
    return text;
}

static size_t size_of(const yaml_node_t *node)
{
    if (node != NULL && node->type == YAML_SEQUENCE_NODE) {
        return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    }
    return node != NULL && node->type == YAML_MAPPING_NODE
               ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start)
               : 0;
}

size_t kubernetes_count(const struct kubernetes_object *object, const char *path, ...)
{
    va_list arguments;
    va_start(arguments, path);
    size_t count = size_of(find(object, path, arguments));
    va_end(arguments);
    return count;
}

static const yaml_node_t *node_at(const struct kubernetes_object *object, const char *path, ...)
    PRINTF_LIKE(2, 3);

static const yaml_node_t *node_at(const struct kubernetes_object *object, const char *path, ...)
{
    va_list arguments;
    va_start(arguments, path);
    const yaml_node_t *node = find(object, path, arguments);
    va_end(arguments);
    return node;
}

bool kubernetes_selects(const struct kubernetes_object *selecting, const char *selector,
                        const struct kubernetes_object *workload)
{
    const yaml_node_t *wanted = node_at(selecting, "%s", selector);
    const yaml_node_t *labels = node_at(workload, "spec/template/metadata/labels");
    if (size_of(wanted) == 0 || size_of(labels) == 0) {
        return false;
    }
    yaml_document_t *document = document_of(selecting);
    for (const yaml_node_pair_t *pair = wanted->data.mapping.pairs.start;
         pair < wanted->data.mapping.pairs.top; pair++) {
        struct text key = node_text(yaml_document_get_node(document, pair->key));
        struct text value = node_text(yaml_document_get_node(document, pair->value));
        if (!text_equal(node_text(member(document_of(workload), labels, key)), value)) {
            return false;
        }
    }
    return true;
}

void kubernetes_manifests_read(struct kubernetes_manifests *manifests, const char *path)
{
    yaml_parser_t parser;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("%s cannot be read", path);
    }
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_file(&parser, file);
    for (;;) {
        struct kubernetes_object *object = calloc(1, sizeof(*object));
        assert_non_null(object);
        if (!yaml_parser_load(&parser, &object->document)) {
            fail_msg("%s: line %zu: %s", path, parser.problem_mark.line + 1, parser.problem);
        }
        if (yaml_document_get_root_node(&object->document) == NULL) {
            yaml_document_delete(&object->document);
            free(object);
            break;
        }
        assert_true(manifests->count < KUBERNETES_OBJECTS_MAX);
        manifests->objects[manifests->count++] = object;
    }
    yaml_parser_delete(&parser);
    (void)fclose(file); /* only read */
}

void kubernetes_manifests_free(struct kubernetes_manifests *manifests)
{
    for (size_t i = 0; i < manifests->count; i++) {
        yaml_document_delete(&manifests->objects[i]->document);
        free(manifests->objects[i]);
    }
    manifests->count = 0;
}

const struct kubernetes_object *
kubernetes_manifests_find(const struct kubernetes_manifests *manifests, const char *kind,
                          const char *name)
{
    for (size_t i = 0; i < manifests->count; i++) {
        const struct kubernetes_object *object = manifests->objects[i];
        if (text_equal(kubernetes_text(object, "kind"), text_of(kind)) &&
            (name == NULL || text_equal(kubernetes_text(object, "metadata/name"), text_of(name)))) {
            return object;
        }
    }
    return NULL;
}
