#include "movie/handler/movie_parameters.h"

#include "http/http_json.h"

enum status movie_parameter_integer(struct http_exchange *exchange, const char *name,
                                    int32_t *ret_number)
{
    int64_t number;
    enum status status = http_json_integer_parameter(exchange, name, &number);
    if (status == STATUS_OK) {
        *ret_number = (int32_t)number;
    }
    return status;
}

enum status movie_parameter_page(struct http_exchange *exchange, int32_t *ret_size,
                                 struct text *ret_token)
{
    enum status status = movie_parameter_integer(exchange, "pageSize", ret_size);
    return status == STATUS_OK ? http_json_optional_parameter(exchange, "pageToken", ret_token)
                               : status;
}
