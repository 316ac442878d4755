/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "pairs.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Masks lie in PNGs, and photos beside them in JPEGs: a photo's is looked for from the front, a mask's from the back. */
static const char *const endings[] = {".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".PNG"};
enum { ENDINGS = sizeof endings / sizeof *endings };

/* 2 before 10, and 02 before 2. */
static int by_number(const void *a, const void *b) {
    const char *whole[2] = {*(char *const *)a, *(char *const *)b}, *at[2] = {whole[0], whole[1]};
    while (*at[0] && *at[1]) {
        if (isdigit((unsigned char)*at[0]) && isdigit((unsigned char)*at[1])) {
            at[0] += strspn(at[0], "0");
            at[1] += strspn(at[1], "0");
            size_t digits = strspn(at[0], "0123456789"), others = strspn(at[1], "0123456789");
            int order = digits != others ? (digits < others ? -1 : 1) : strncmp(at[0], at[1], digits);
            if (order) {
                return order;
            }
            at[0] += digits;
            at[1] += others;
        } else if (*at[0] != *at[1]) {
            break;
        } else {
            at[0]++;
            at[1]++;
        }
    }
    int order = (unsigned char)*at[0] - (unsigned char)*at[1];
    return order ? order : strcmp(whole[0], whole[1]);
}

static size_t ending_of(const char *name) {
    size_t length = strlen(name);
    for (int e = 0; e < ENDINGS; e++) {
        size_t tail = strlen(endings[e]);
        if (length > tail && !strcmp(name + length - tail, endings[e])) {
            return length - tail;
        }
    }
    return 0;
}

static bool add_name(pair_list *list, const char *name, size_t length) {
    char **grown = realloc(list->names, (list->count + 1) * sizeof *grown);
    list->names = grown ? grown : list->names;
    char *own = grown ? strndup(name, length) : NULL;
    if (own) {
        list->names[list->count++] = own;
    }
    return own != NULL;
}

/* Keeps each name once, and those alone that have a mask. */
static uint32_t drop_names(const char *photos, const char *masks, pair_list *list) {
    uint32_t kept = 0, lone = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        char photo[BENCH_PATH], mask[BENCH_PATH], *name = list->names[i];
        bool known = kept && !strcmp(name, list->names[kept - 1]);
        bool paired = !known && pairs_path(photos, name, NULL, photo) && pairs_path(masks, name, photo, mask);
        lone += !known && !paired;
        if (paired) {
            list->names[kept++] = name;
        } else {
            free(name);
        }
    }
    list->count = kept;
    return lone;
}

bool pairs_find(const char *photos, const char *masks, pair_list *list) {
    *list = (pair_list){.count = 0};
    DIR *folder = opendir(photos);
    if (!folder) {
        perror(photos);
        return false;
    }
    bool ok = true;
    for (const struct dirent *entry = readdir(folder); entry && ok; entry = readdir(folder)) {
        size_t length = ending_of(entry->d_name);
        ok = !length || add_name(list, entry->d_name, length);
    }
    (void)closedir(folder);
    if (!ok) {
        (void)fprintf(stderr, "out of memory\n");
        return false;
    }
    if (list->count) {
        qsort(list->names, list->count, sizeof *list->names, by_number);
    }
    uint32_t lone = drop_names(photos, masks, list);
    if (lone) {
        (void)fprintf(stderr, "%u photos have no mask in %s and are left out\n", lone, masks);
    }
    if (!list->count) {
        (void)fprintf(stderr, "%s: no photo with a mask of its name in %s\n", photos, masks);
    }
    return list->count > 0;
}

void pairs_finish(pair_list *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        free(list->names[i]);
    }
    free(list->names);
    *list = (pair_list){.count = 0};
}

bool pairs_path(const char *folder, const char *name, const char *other, char path[BENCH_PATH]) {
    for (int e = 0; e < ENDINGS; e++) {
        (void)snprintf(path, BENCH_PATH, "%s/%s%s", folder, name, endings[other ? ENDINGS - 1 - e : e]);
        if (bench_exists(path) && !(other && !strcmp(path, other))) {
            return true;
        }
    }
    return false;
}
