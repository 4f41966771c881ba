/* curl_peer_name.h: a server whose certificate is for another name than it is reached by. */
#pragma once

#include <curl/curl.h>

#include "base/arena.h"

/* The URL with the name in its host's place, and what has libcurl connect to that host all the same
 * (CURLOPT_CONNECT_TO), which is to be freed, also on failure. Valid in the arena. NULL: no memory,
 * or no URL. */
const char *curl_peer_name_url(struct arena *arena, const char *url, const char *peer_name,
                               struct curl_slist **ret_connect_to);
