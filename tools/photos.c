/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "files.h"
#include "photos.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"

/* A folder that is being listed, and those that it lies in. */
typedef struct folder {
    const struct folder *above;
    cli_file_id id;
    const char *path;
    size_t key;
    char **names;
    size_t count, room;
    bool failed; /* out of memory */
} folder;

typedef struct walk {
    cli *run;
    cli_photos *photos;
    cli_file_id output; /* which is not looked into */
    bool has_output;
    cli_claims missing; /* it, where it is not there yet */
} walk;

static bool no_memory(cli *run) {
    return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
}

static char *copy(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *made = malloc(bytes);
    return made ? memcpy(made, text, bytes) : NULL;
}

/* Takes path, of the heap. */
static cli_photo *add(cli *run, cli_photos *photos, char *path) {
    if (!path) {
        no_memory(run);
        return NULL;
    }
    if (photos->count == photos->room) {
        size_t room = photos->room ? 2 * photos->room : 64;
        cli_photo *more = realloc(photos->items, room * sizeof *more);
        if (!more) {
            free(path);
            no_memory(run);
            return NULL;
        }
        photos->items = more;
        photos->room = room;
    }
    photos->items[photos->count] = (cli_photo){.path = path};
    return &photos->items[photos->count++];
}

static bool same_id(const cli_file_id *a, const cli_file_id *b) {
    return a->volume == b->volume && a->index == b->index;
}

/* Whether a link leads back to a folder that is being listed. */
static bool is_above(const folder *at, const cli_file_id *id) {
    while (at && !same_id(&at->id, id)) {
        at = at->above;
    }
    return at;
}

static void note_name(void *user, const char *name) {
    folder *at = user;
    if (name[0] == '.' || at->failed) {
        return;
    }
    if (at->count == at->room) {
        size_t room = at->room ? 2 * at->room : 64;
        char **more = realloc((void *)at->names, room * sizeof *more);
        at->failed = !more;
        if (!more) {
            return;
        }
        at->names = more;
        at->room = room;
    }
    at->names[at->count] = copy(name);
    at->failed = !at->names[at->count];
    at->count += !at->failed;
}

static bool list(walk *w, folder *at);

/* On the heap, so that deep folders take little of the stack. NULL: run has failed. */
static char *join(cli *run, const folder *at, const char *name) {
    cli_path path;
    size_t length = strlen(at->path);
    if (!cli_join(&path, at->path, bd_path_is_separator(at->path[length - 1]) ? "" : "/", name, "")) {
        cli_fail(run, CLI_UNREADABLE, "%s: the path is too long", at->path);
        return NULL;
    }
    char *made = copy(path.text);
    if (!made) {
        no_memory(run);
    }
    return made;
}

static cli_photo *add_listed(walk *w, const folder *at, char *path) {
    cli_photo *photo = add(w->run, w->photos, path);
    if (photo) {
        photo->listed = true;
        photo->key = at->key;
    }
    return photo;
}

/* Takes path. */
static bool enter(walk *w, const folder *at, char *path) {
    folder below = {.above = at, .path = path, .key = at->key};
    bool wanted = w->run->options.recursive && cli_identify(path, &below.id) && !is_above(at, &below.id) &&
                  !(w->has_output && same_id(&below.id, &w->output));
    bool done = !wanted || list(w, &below);
    free(path);
    return done;
}

static bool take(walk *w, const folder *at, const char *name) {
    char *path = join(w->run, at, name);
    if (!path) {
        return false;
    }
    switch (bd_path_look(path)) {
    case BD_PATH_FOLDER: return enter(w, at, path);
    case BD_PATH_OTHER: free(path); return true;
    case BD_PATH_NONE: /* a link that leads nowhere is not passed over in silence, but where it leads to the results */
        if (w->missing.count && cli_claims_have(w->run, &w->missing, path)) {
            free(path);
            return true;
        }
        break;
    case BD_PATH_FILE: break;
    }
    return add_listed(w, at, path);
}

/* A folder that cannot be listed is a photo that fails, unless it was named. */
static bool note_unreadable(walk *w, const folder *at, int failure) {
    if (!at->above) {
        return cli_fail(w->run, CLI_UNREADABLE, "%s: %s", at->path, strerror(failure));
    }
    cli_photo *photo = add_listed(w, at, copy(at->path));
    if (photo) {
        photo->state = CLI_PHOTO_UNREADABLE;
        photo->failure = failure;
    }
    return photo;
}

static bool list(walk *w, folder *at) {
    bool listed = cli_list_folder(at->path, note_name, at);
    bool done = listed || note_unreadable(w, at, errno);
    done = done && (!at->failed || no_memory(w->run));
    for (size_t i = 0; i < at->count; i++) {
        done = done && (!listed || take(w, at, at->names[i]));
        free(at->names[i]);
    }
    free((void *)at->names);
    return done;
}

static int compare(const void *a, const void *b) {
    const cli_photo *one = a, *other = b;
    return strcmp(one->path + one->key, other->path + other->key);
}

static bool list_operand(walk *w, const char *path) {
    cli_photos *photos = w->photos;
    size_t before = photos->count;
    if (bd_path_look(path) != BD_PATH_FOLDER) {
        return add(w->run, photos, copy(path));
    }
    folder top = {.path = path, .key = strlen(path)};
    top.key += !bd_path_is_separator(path[top.key - 1]);
    if (!cli_identify(path, &top.id)) {
        return cli_fail(w->run, CLI_UNREADABLE, "%s: %s", path, strerror(errno));
    }
    if (!list(w, &top)) {
        return false;
    }
    if (photos->count == before) {
        return cli_fail(w->run, CLI_UNREADABLE, "%s: no files in this folder%s", path,
                        w->run->options.recursive ? "" : "; --recursive looks into its folders");
    }
    qsort(photos->items + before, photos->count - before, sizeof *photos->items, compare);
    return true;
}

/* As a link may name it. */
static bool claim_missing(cli *run, const char *output, cli_claims *missing) {
    cli_path path;
    size_t length = strlen(output);
    while (length > 1 && bd_path_is_separator(output[length - 1])) {
        length--;
    }
    if (length >= sizeof path.text) {
        return true; /* making it fails */
    }
    memcpy(path.text, output, length);
    path.text[length] = '\0';
    return cli_claims_add(run, missing, path.text, true, 0);
}

bool cli_photos_list(cli *run, cli_photos *photos) {
    const cli_options *from = &run->options;
    walk w = {.run = run, .photos = photos};
    w.has_output = cli_identify(from->output_dir, &w.output);
    bool done = w.has_output || claim_missing(run, from->output_dir, &w.missing);
    for (unsigned i = 0; i < from->operand_count && done; i++) {
        done = cli_is_dash(from->operands[i])
                   ? cli_fail(run, CLI_USAGE, "with --output-dir photos are files, not standard input")
                   : list_operand(&w, from->operands[i]);
    }
    cli_claims_finish(&w.missing);
    return done;
}

bool cli_photo_is_named_so(const cli_photo *photo) {
    bd_image_form form = {.struct_size = sizeof form};
    for (uint32_t i = 0; !bd_image_form_at(i, &form); i++) {
        if (cli_has_ending(photo->path, form.endings)) {
            return true;
        }
    }
    return false;
}

void cli_photos_finish(cli_photos *photos) {
    for (size_t i = 0; i < photos->count; i++) {
        free(photos->items[i].path);
        free(photos->items[i].name);
    }
    free(photos->items);
    *photos = (cli_photos){.items = NULL};
}
