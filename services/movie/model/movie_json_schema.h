/* movie_json_schema.h: the forms of movie_json.h as JSON Schema, for the plain routes'
 * descriptions. They differ from the messages' of movie.proto where those have exact values: here
 * are points. */
#pragma once

#define MOVIE_OWN_SCHEMA_MEMBERS                                                                   \
    "\"own\":{\"type\":\"number\",\"description\":\"The user's own vote, in points\"},"            \
    "\"ownTime\":{\"type\":\"string\",\"format\":\"date-time\"},"                                  \
    "\"ownProviderId\":{\"type\":\"string\"}"

#define MOVIE_HELD_SCHEMA_MEMBERS                                                                  \
    "\"held\":{\"type\":\"boolean\",\"description\":\"The user's newest vote came in a burst: "    \
    "kept, "                                                                                       \
    "and not counted until it is reviewed\"},"                                                     \
    "\"heldValue\":{\"type\":\"number\",\"description\":\"That vote, in points\"}"

#define MOVIE_REACTIONS_SCHEMA_MEMBERS                                                             \
    "\"reviewState\":{\"type\":\"string\",\"enum\":[\"REACTIONS_KNOWN\",\"REACTIONS_"              \
    "UNAVAILABLE\"]},"                                                                             \
    "\"reviewUnavailableReason\":{\"type\":\"string\"},\"likeCount\":{\"type\":\"integer\"},"      \
    "\"reviewCount\":{\"type\":\"integer\"},\"liked\":{\"type\":\"boolean\"},"                     \
    "\"reviewed\":{\"type\":\"boolean\"}"

#define MOVIE_STATE_SCHEMA                                                                         \
    "{\"type\":\"string\",\"enum\":[\"RATED\",\"NO_VOTES\",\"UNAVAILABLE\","                       \
    "\"RATING_STATE_UNSPECIFIED\"]}"

#define MOVIE_PARAMETERS_SCHEMA                                                                    \
    "{\"type\":\"object\",\"required\":[\"formula\",\"minimumVotes\",\"mean\",\"version\"],"       \
    "\"properties\":{\"formula\":{\"type\":\"integer\"},\"minimumVotes\":{\"type\":\"number\"},"   \
    "\"mean\":{\"type\":\"number\"},\"version\":{\"type\":\"string\"}}}"

#define MOVIE_SUMMARY_SCHEMA                                                                       \
    "{\"type\":\"object\",\"required\":[\"mean\",\"count\",\"histogram\"],\"properties\":{"        \
    "\"mean\":{\"type\":\"number\"},\"count\":{\"type\":\"integer\"},"                             \
    "\"histogram\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"                         \
    "\"weightedScore\":{\"type\":\"number\"},\"parameters\":" MOVIE_PARAMETERS_SCHEMA "}}"

#define MOVIE_CARD_SCHEMA                                                                          \
    "{\"type\":\"object\",\"required\":[\"id\",\"title\",\"genres\",\"ratingState\"],"             \
    "\"properties\":{\"id\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"                \
    "\"year\":{\"type\":\"integer\"},"                                                             \
    "\"genres\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                             \
    "\"director\":{\"type\":\"string\"},\"ratingState\":" MOVIE_STATE_SCHEMA ","                   \
    "\"mean\":{\"type\":\"number\"},\"votes\":{\"type\":\"integer\"},"                             \
    "\"weightedScore\":{\"type\":\"number\"}," MOVIE_OWN_SCHEMA_MEMBERS ","                        \
    "\"match\":{\"type\":\"number\"},\"becauseOf\":{\"type\":\"string\"},\"becauseOfTitle\":{"     \
    "\"type\":\"string\"}}}"

#define MOVIE_CARDS_SCHEMA "{\"type\":\"array\",\"items\":" MOVIE_CARD_SCHEMA "}"

/* Its metadata is the message's. */
#define MOVIE_DETAILS_SCHEMA                                                                       \
    "{\"type\":\"object\",\"required\":[\"metadata\",\"ratingState\"],\"properties\":{"            \
    "\"rating\":{\"type\":\"number\",\"description\":\"The mean, in points; of RATED\"},"          \
    "\"metadata\":{\"$ref\":\"#/components/schemas/Metadata\"},"                                   \
    "\"ratingState\":" MOVIE_STATE_SCHEMA ",\"ratingCount\":{\"type\":\"integer\"},"               \
    "\"ratingUnavailableReason\":{\"type\":\"string\"},"                                           \
    "\"ratingSource\":{\"type\":\"string\",\"enum\":[\"CACHED\",\"LOCAL\"]},"                      \
    "\"ratingAgeMs\":{\"type\":\"integer\"},\"summary\":" MOVIE_SUMMARY_SCHEMA ","                 \
    "\"ownState\":" MOVIE_STATE_SCHEMA "," MOVIE_OWN_SCHEMA_MEMBERS "," MOVIE_HELD_SCHEMA_MEMBERS  \
    "," MOVIE_REACTIONS_SCHEMA_MEMBERS "}}"
