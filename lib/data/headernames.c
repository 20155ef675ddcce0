#include "data/headernames.h"

#include <string.h>

enum { NAME_CHARS = 32 };

/* The letters and digits of S, lower case, without "id" at the end. */
static const char *plain_name(const char *s, size_t n, char out[NAME_CHARS])
{
    size_t k = 0;

    for (size_t i = 0; i < n && k < NAME_CHARS - 1; i++) {
        char c = s[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[k++] = c;
    }
    if (k >= 5 && memcmp(out + k - 2, "id", 2) == 0)
        k -= 2;
    out[k] = '\0';
    return out;
}

static bool is_one_of(const char *const *words, const char *s, size_t n)
{
    char name[NAME_CHARS];

    plain_name(s, n, name);
    for (; *words != NULL; words++)
        if (strcmp(*words, name) == 0)
            return true;
    return false;
}

bool rec_names_users(const char *s, size_t n)
{
    static const char *const words[] = { "user",    "uid",      "username", "reviewer",
                                         "member",  "customer", "reader",   "viewer",
                                         "visitor", "client",   NULL };

    return is_one_of(words, s, n);
}

bool rec_names_items(const char *s, size_t n)
{
    static const char *const words[] = { "item",    "iid",        "product", "movie",
                                         "film",    "book",       "isbn",    "asin",
                                         "track",   "song",       "artist",  "joke",
                                         "game",    "beer",       "show",    "recipe",
                                         "article", "parentasin", "anime",   NULL };

    return is_one_of(words, s, n);
}

bool rec_names_times(const char *s, size_t n)
{
    static const char *const words[] = { "time", "timestamp", NULL };

    return is_one_of(words, s, n);
}
