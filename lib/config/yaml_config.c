/* The YAML file: scalars at the top for every program, and a mapping per service. */
#include <errno.h>
#include <stdio.h>
#include <yaml.h>

#include "base/arena.h"
#include "config/config_private.h"

struct reader {
    struct call *call;
    struct config *config;
    struct text path;
    yaml_document_t document;
};

static enum status refuse(struct reader *reader, const yaml_node_t *node, const char *why,
                          struct text what)
{
    return call_fail(reader->call, STATUS_INVALID_ARGUMENT, "%.*s:%zu: %s '%.*s'",
                     TEXT_ARGUMENTS(reader->path), node->start_mark.line + 1, why,
                     TEXT_ARGUMENTS(what));
}

static struct text scalar_text(const yaml_node_t *node)
{
    return text_of_bytes(node->data.scalar.value, node->data.scalar.length);
}

static enum status read_scalar(struct reader *reader, const yaml_node_t *key,
                               const yaml_node_t *value)
{
    struct config_value *found = config_find(reader->config, scalar_text(key));
    if (found == NULL) {
        return refuse(reader, key, "unknown option", scalar_text(key));
    }
    struct text place =
        arena_format(reader->call->arena, "%.*s:%zu: %s", TEXT_ARGUMENTS(reader->path),
                     value->start_mark.line + 1, found->option->name);
    return config_set(reader->call, found, scalar_text(value),
                      place.data != NULL ? place.data : "file");
}

/* sections_only: a first walk reads the top level's scalars, a second one the service's own
 * section, so that the section wins wherever it stands. */
static enum status read_mapping(struct reader *reader, const yaml_node_t *mapping, bool top,
                                bool sections_only)
{
    enum status status = STATUS_OK;
    const char *service = reader->config->program->service;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top && status == STATUS_OK; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
        if (key->type != YAML_SCALAR_NODE) {
            return refuse(reader, key, "a name was expected, not", TEXT("a structure"));
        }
        if (value->type == YAML_SCALAR_NODE) {
            status = sections_only ? STATUS_OK : read_scalar(reader, key, value);
        } else if (value->type != YAML_MAPPING_NODE || !top) {
            return refuse(reader, key, "a single value was expected for", scalar_text(key));
        } else if (sections_only && service != NULL &&
                   text_equal(scalar_text(key), text_of(service))) {
            status = read_mapping(reader, value, false, false);
        }
    }
    return status;
}

static enum status read_document(struct reader *reader)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (root == NULL) {
        return STATUS_OK;
    }
    if (root->type != YAML_MAPPING_NODE) {
        return refuse(reader, root, "names with values were expected, not", TEXT("a list"));
    }
    enum status status = read_mapping(reader, root, true, false);
    return status == STATUS_OK ? read_mapping(reader, root, true, true) : status;
}

static enum status read_file(struct call *call, struct text path, struct text *ret_content)
{
    struct text name = arena_copy(call->arena, path);
    char *bytes = arena_alloc(call->arena, CONFIG_FILE_BYTES_MAX + 1);
    if (name.data == NULL || bytes == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    FILE *file = fopen(name.data, "re");
    if (file == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: %s", name.data, strerror(errno));
    }
    size_t length = fread(bytes, 1, CONFIG_FILE_BYTES_MAX + 1, file);
    bool broken = ferror(file) != 0;
    (void)fclose(file); /* only read from */
    if (broken || length > CONFIG_FILE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: %s", name.data,
                         broken ? "cannot be read" : "is larger than a configuration may be");
    }
    *ret_content = (struct text){bytes, length};
    return STATUS_OK;
}

enum status config_read_yaml(struct call *call, struct config *config, struct text path)
{
    struct reader reader = {.call = call, .config = config, .path = path};
    struct text content = {NULL, 0};
    enum status status = read_file(call, path, &content);
    if (status != STATUS_OK) {
        return status;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)content.data, content.length);
    if (yaml_parser_load(&parser, &reader.document)) {
        status = read_document(&reader);
        yaml_document_delete(&reader.document);
    } else {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "%.*s:%zu: not YAML: %s",
                           TEXT_ARGUMENTS(path), parser.problem_mark.line + 1,
                           parser.problem != NULL ? parser.problem : "unreadable");
    }
    yaml_parser_delete(&parser);
    return status;
}
