/* recommend_oracle.h: neighbours as the formula says, in doubles and by trying all pairs. */
#pragma once

#include <stddef.h>

#include "recommend/recommend_model.h"

enum { ORACLE_USERS = 24, ORACLE_ITEMS = 40 };

struct recommend_oracle {
    struct recommend_settings settings;
    int32_t hundredths[ORACLE_USERS][ORACLE_ITEMS]; /* -1: no vote */
};

struct oracle_neighbour {
    size_t item;
    double similarity;
};

void recommend_oracle_init(struct recommend_oracle *oracle,
                           const struct recommend_settings *settings);

/* Best first, of equals the lower number. Returns how many; all of them, however many are shown. */
size_t recommend_oracle_similar(const struct recommend_oracle *oracle, size_t item,
                                struct oracle_neighbour neighbours[static ORACLE_ITEMS]);

/* The score of each item, and the liked item that gives most; 0: it is not recommended. */
void recommend_oracle_to_user(const struct recommend_oracle *oracle, size_t user,
                              double scores[static ORACLE_ITEMS],
                              size_t because_of[static ORACLE_ITEMS]);
