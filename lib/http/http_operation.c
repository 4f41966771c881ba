#include "http/http_operation.h"

void http_operations_route(const struct http_operation *operations, size_t count, void *state,
                           struct http_route *routes)
{
    for (size_t i = 0; i < count; i++) {
        routes[i] = (struct http_route){
            .method = operations[i].method,
            .path = operations[i].path,
            .handle = operations[i].handle,
            .state = state,
            .operation = &operations[i],
        };
    }
}

const struct http_parameter *http_operation_parameter(const struct http_operation *operation,
                                                      struct text name)
{
    const struct http_parameter *parameter = operation->parameters;
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        if (text_equal(text_of(parameter->name), name)) {
            return parameter;
        }
    }
    return NULL;
}
