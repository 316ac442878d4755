/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "files.h"
#include "outputs.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "platform/text.h"
#include "progress.h"
#include "values.h"

/* ---- names ---- */

/* How much of the path's last part is the name. */
static size_t name_length(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static bool append(cli_path *path, const char *text, size_t length) {
    size_t used = strlen(path->text);
    if (length >= sizeof path->text - used) {
        return false;
    }
    memcpy(path->text + used, text, length);
    path->text[used + length] = '\0';
    return true;
}

/* pattern behind what path has. */
static bool fill(cli_path *path, const char *pattern, const char *name, size_t length) {
    bool fits = true;
    for (const char *at = strstr(pattern, CLI_NAME); at && fits; at = strstr(pattern, CLI_NAME)) {
        fits = append(path, pattern, (size_t)(at - pattern)) && append(path, name, length);
        pattern = at + strlen(CLI_NAME);
    }
    return fits && append(path, pattern, strlen(pattern));
}

bool cli_fill_name(cli *run, const char *pattern, const char *photo, cli_path *path) {
    const char *name = bd_path_name(photo);
    path->text[0] = '\0';
    return fill(path, pattern, name, name_length(name)) ||
           cli_fail(run, CLI_UNREADABLE, "%s: the name is too long", pattern);
}

/* The folder of a photo's results. */
static bool begin_path(const cli_outputs *o, const cli_photo *photo, cli_path *path) {
    const char *end = strchr(o->folder, '\0'), *key = photo->path + photo->key;
    bool ends = end != o->folder && bd_path_is_separator(end[-1]);
    path->text[0] = '\0';
    return append(path, o->folder, strlen(o->folder)) && append(path, "/", ends ? 0 : 1) &&
           append(path, key, photo->listed ? (size_t)(bd_path_name(key) - key) : 0);
}

bool cli_output_path(cli *run, const cli_outputs *o, const cli_photo *photo, const char *pattern, cli_path *path) {
    return (photo->name && begin_path(o, photo, path) && fill(path, pattern, photo->name, strlen(photo->name))) ||
           cli_fail(run, CLI_UNWRITABLE, "%s: the name of the result is too long", photo->path);
}

bool cli_output_make(cli *run, const cli_outputs *o, const cli_photo *photo, const char *pattern, cli_path *path) {
    if (photo->listed && begin_path(o, photo, path) && !bd_path_look(path->text)) {
        bd_folder_make_all(path->text); /* where it cannot, writing says why */
    }
    return cli_output_path(run, o, photo, pattern, path);
}

/* number 0: none. Of a photo that clashes the ending is in it: a-jpg. */
static bool set_name(cli *run, cli_photo *photo, unsigned number) {
    const char *name = bd_path_name(photo->path), *suffix = run->options.suffix ? run->options.suffix : "";
    size_t length = name_length(name), room = strlen(name) + strlen(suffix) + 16;
    char *made = malloc(room), digits[16] = "";
    if (!made) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    if (number) {
        (void)snprintf(digits, sizeof digits, "-%u", number);
    }
    const bool ends = photo->clashed && name[length];
    (void)snprintf(made, room, "%.*s%s%s%s%s", (int)length, name, ends ? "-" : "", ends ? name + length + 1 : "",
                   digits, suffix);
    free(photo->name);
    photo->name = made;
    return true;
}

static void drop_name(cli_photo *photo) {
    free(photo->name);
    photo->name = NULL;
}

/* ---- folders that make no difference between a and A ---- */

static int compare_folded(const void *a, const void *b) {
    const char *const *one = a, *const *other = b;
    for (const char *x = *one, *y = *other;; x++, y++) {
        const int order = bd_text_lower(*x) - bd_text_lower(*y);
        if (order || !*x) {
            return order;
        }
    }
}

/* Whether names of two photos differ by that alone. */
static bool has_folded_twins(cli *run, const cli_photos *photos, bool *has) {
    *has = false;
    const char **names = malloc((photos->count + 1) * sizeof *names);
    if (!names) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < photos->count; i++) {
        names[i] = photos->items[i].name;
    }
    qsort(names, photos->count, sizeof *names, compare_folded);
    for (size_t i = 1; i < photos->count; i++) {
        *has = *has || (!compare_folded(&names[i - 1], &names[i]) && strcmp(names[i - 1], names[i]) != 0);
    }
    free(names);
    return true;
}

/* Whether a file is found by its name in other letters; of a folder that is not there yet the one above it is asked. */
static bool ignores_case(const char *folder) {
    static const char name[] = ".Backdrop";
    cli_path path, other;
    cli_file_id id;
    bd_file file;
    const size_t length = cli_identify(folder, &id) ? strlen(folder) : cli_folder_above(folder, &id);
    path.text[0] = '\0';
    if (length + sizeof name + 1 + BD_FILE_SUFFIX >= sizeof path.text ||
        !append(&path, length ? folder : ".", length ? length : 1) || !append(&path, "/", 1) ||
        !append(&path, name, sizeof name - 1)) {
        return false;
    }
    cli_hold_signals(true);
    bool ignores = !bd_file_open_temporary(path.text, path.text, &file);
    if (ignores) {
        (void)bd_file_close(file);
        other = path;
        other.text[(length ? length : 1) + 2] = 'b';
        ignores = bd_path_look(other.text) == BD_PATH_FILE;
        bd_file_remove(path.text);
    }
    cli_hold_signals(false);
    return ignores;
}

/* ---- clashes ---- */

/* Whether a photo takes its name: what is no picture and is not called one, or not there, has no result. Only the header
 * is read. */
static bool takes_name(cli_photo *photo) {
    const bd_image_read_params params = {.struct_size = sizeof params, .max_pixels = 1};
    bd_image image = {0};
    bd_error error;
    if (cli_photo_is_named_so(photo) || cli_is_stream(photo->path)) {
        return true; /* broken or not: what is mended later finds its name free */
    }
    bd_result result = bd_image_read(photo->path, &params, &image, &error);
    bd_image_finish(&image);
    if (result == BD_ERR_FILE_FORMAT && photo->listed) {
        photo->state = CLI_PHOTO_NO_PICTURE;
    }
    return result != BD_ERR_FILE_FORMAT && result != BD_ERR_FILE_NOT_FOUND && result != BD_ERR_FILE_READ;
}

/* The next number whose name no other photo has. */
static bool set_number(cli *run, const cli_outputs *o, const cli_claims *claims, cli_photo *photo, unsigned *number) {
    cli_path path;
    do {
        ++*number;
        if (!set_name(run, photo, *number) || !cli_output_path(run, o, photo, o->patterns[0], &path)) {
            return false;
        }
    } while (cli_claims_have(run, claims, path.text));
    return true;
}

/* Photos from..to-1 of claims would have one name. Those that take it come first, the count of them; a file that was
 * named twice is taken once. */
static size_t find_takers(cli_outputs *o, cli_claims *claims, size_t from, size_t to) {
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        const cli_claim claim = claims->items[i];
        cli_photo *photo = &o->photos.items[claim.owner - 1];
        const bool there = cli_identify(photo->path, &photo->id);
        bool twice = false;
        photo->id = there ? photo->id : (cli_file_id){0};
        for (size_t k = from; k < from + count && there && !twice; k++) {
            const cli_file_id *before = &o->photos.items[claims->items[k].owner - 1].id;
            twice = photo->id.volume == before->volume && photo->id.index == before->index;
        }
        if (twice) {
            photo->state = CLI_PHOTO_LEFT_OUT;
            o->twice++;
        }
        if (twice || !takes_name(photo)) {
            drop_name(photo);
            continue;
        }
        claims->items[i] = claims->items[from + count];
        claims->items[from + count++] = claim;
    }
    return count;
}

/* The same photos. The file's ending tells most apart, whatever else comes to the folder; only where names are alike with
 * it, again, they are numbered. */
static bool settle(cli *run, cli_outputs *o, cli_claims *claims, size_t from, size_t to, cli_clash how, bool again) {
    const size_t count = find_takers(o, claims, from, to);
    unsigned number = 1;
    bool done = true;
    for (size_t i = from; i < from + count && count > 1 && done; i++) {
        cli_photo *photo = &o->photos.items[claims->items[i].owner - 1];
        const char *name = bd_path_name(photo->path);
        if (how == CLI_CLASH_NUMBER) {
            photo->uncertain = again || !name[name_length(name)];
            photo->clashed = photo->clashed || !again;
            done = again ? i == from || set_number(run, o, claims, photo, &number) : set_name(run, photo, 0);
        } else if (how == CLI_CLASH_SKIP) {
            photo->state = i > from ? CLI_PHOTO_CLASH : photo->state;
        } else if (i > from) {
            done = cli_fail(run, CLI_USAGE, "%.150s and %.150s would both become %.150s; see --on-clash",
                            o->photos.items[claims->items[from].owner - 1].path, photo->path, claims->items[i].path);
        }
    }
    return done;
}

static bool settle_all(cli *run, cli_outputs *o, cli_clash how, bool again) {
    cli_claims claims = {.folds = o->folds};
    cli_path path;
    bool done = true;
    for (size_t i = 0; i < o->photos.count && done; i++) {
        const cli_photo *photo = &o->photos.items[i];
        done = photo->state != CLI_PHOTO_TO_DO || !photo->name ||
               (cli_output_path(run, o, photo, o->patterns[0], &path) &&
                cli_claims_add(run, &claims, path.text, true, i + 1));
    }
    cli_claims_sort(&claims);
    for (size_t from = 0, to; from < claims.count && done; from = to) {
        to = from + 1;
        while (to < claims.count && cli_claims_same(&claims.items[from], &claims.items[to])) {
            to++;
        }
        done = to == from + 1 || settle(run, o, &claims, from, to, how, again);
    }
    cli_claims_finish(&claims);
    return done;
}

static bool settle_names(cli *run, cli_outputs *o) {
    unsigned how = CLI_CLASH_FAIL;
    bool done = cli_value_choice(run, &run->options.on_clash, &how) && settle_all(run, o, (cli_clash)how, false) &&
                (how != CLI_CLASH_NUMBER || settle_all(run, o, (cli_clash)how, true));
    if (done && o->twice && !run->options.quiet) {
        cli_note(run, "%u photo%s named twice, and taken once", o->twice, o->twice == 1 ? " was" : "s were");
    }
    return done;
}

/* ---- what must not be overwritten ---- */

static bool claim_photo(cli *run, const cli_outputs *o, size_t i, cli_claims *claims) {
    const cli_photo *photo = &o->photos.items[i];
    cli_path path;
    if (photo->state == CLI_PHOTO_LEFT_OUT || !cli_claims_add(run, claims, photo->path, false, i + 1)) {
        return photo->state == CLI_PHOTO_LEFT_OUT;
    }
    bool done = !o->background || (cli_fill_name(run, o->background, photo->path, &path) &&
                                   cli_claims_add(run, claims, path.text, false, i + 1));
    for (unsigned p = 0; p < o->pattern_count && photo->name && photo->state == CLI_PHOTO_TO_DO && done; p++) {
        done = cli_output_path(run, o, photo, o->patterns[p], &path) &&
               cli_claims_add(run, claims, path.text, true, i + 1);
    }
    return done;
}

/* Whether a file of the folder is what another of its photos became in an earlier run that is gone on with. */
static bool is_earlier_result(const cli *run, const cli_outputs *o, const cli_claim *writer, const cli_claim *other) {
    return run->options.skip_existing && !other->written && other->owner && other->owner != writer->owner &&
           o->photos.items[other->owner - 1].listed && !strcmp(o->photos.items[other->owner - 1].path, other->path);
}

/* fail: at what is overwritten; else earlier results are left out, and *again tells whether there were any. */
static bool compare_all(cli *run, cli_outputs *o, bool fail, bool *again) {
    cli_claims claims = {.items = NULL};
    const cli_claim *writer, *other;
    size_t at = 0;
    bool done = cli_claims_add_options(run, &claims);
    for (size_t i = 0; i < o->photos.count && done; i++) {
        done = claim_photo(run, o, i, &claims);
    }
    cli_claims_sort(&claims);
    while (done && cli_claims_conflict(&claims, &at, &writer, &other)) {
        if (!fail && is_earlier_result(run, o, writer, other)) {
            o->photos.items[other->owner - 1].state = CLI_PHOTO_LEFT_OUT;
            *again = true;
        } else if (fail) {
            done = cli_claims_fail(run, writer, other);
        }
    }
    cli_claims_finish(&claims);
    return done;
}

static bool check_all(cli *run, cli_outputs *o) {
    bool left = false;
    return compare_all(run, o, false, &left) && compare_all(run, o, true, &left);
}

/* What is called as a photo but for the ending, and is there beside it, may be a photo that this run was not given. */
static bool check_beside(cli *run, const cli_outputs *o) {
    cli_file_id folder, of_photo;
    bool beside = false;
    const bool told = (run->options.suffix && *run->options.suffix) || run->options.skip_existing;
    if (told || !cli_identify(o->folder, &folder)) {
        return true;
    }
    for (size_t i = 0; i < o->photos.count && !beside; i++) {
        of_photo = (cli_file_id){0};
        if (!o->photos.items[i].listed) {
            (void)cli_folder_above(o->photos.items[i].path, &of_photo);
        }
        beside = of_photo.volume == folder.volume && of_photo.index == folder.index;
    }
    for (size_t i = 0; i < o->photos.count && beside; i++) {
        const cli_photo *photo = &o->photos.items[i];
        cli_path path;
        for (unsigned p = 0; p < o->pattern_count && photo->state == CLI_PHOTO_TO_DO && photo->name; p++) {
            if (strncmp(o->patterns[p], CLI_NAME ".", sizeof CLI_NAME) != 0) {
                continue; /* as good as a suffix */
            }
            if (!cli_output_path(run, o, photo, o->patterns[p], &path)) {
                return false;
            }
            if (bd_path_look(path.text) == BD_PATH_FILE) {
                return cli_fail(run, CLI_USAGE,
                                "%s is there, in the photos' folder, and would be overwritten; give another "
                                "--output-dir, a --suffix, or --skip-existing",
                                path.text);
            }
        }
    }
    return true;
}

/* ---- what is to be done ---- */

/* FNV-1a of 64 bits, its halves folded: by the bytes alone, so that every machine finds the same. */
static uint32_t hash(const char *text) {
    uint64_t value = 0xcbf29ce484222325u;
    for (; *text; text++) {
        value = (value ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return (uint32_t)(value ^ value >> 32);
}

static bool is_there(cli *run, const cli_outputs *o, const cli_photo *photo) {
    cli_path path;
    bool there = photo->name && !photo->uncertain;
    for (unsigned p = 0; p < o->pattern_count && there; p++) {
        there = cli_output_path(run, o, photo, o->patterns[p], &path) && bd_path_look(path.text) == BD_PATH_FILE;
    }
    return there;
}

static bool choose(cli *run, cli_outputs *o) {
    unsigned shard[2] = {1, 1};
    if (!cli_value_shard(run, &run->options.shard, shard)) {
        return false;
    }
    for (size_t i = 0; i < o->photos.count; i++) {
        cli_photo *photo = &o->photos.items[i];
        if (hash(photo->path + photo->key) % shard[1] + 1 != shard[0]) {
            photo->state = CLI_PHOTO_LEFT_OUT;
        } else if (photo->state == CLI_PHOTO_TO_DO && run->options.skip_existing && is_there(run, o, photo)) {
            photo->state = CLI_PHOTO_EXISTING;
        }
        run->photo_count += photo->state == CLI_PHOTO_TO_DO;
    }
    return true;
}

/* Whether a photo, as far as its name tells, is still to get its results. */
static bool is_to_be_written(const cli_outputs *o) {
    for (size_t i = 0; i < o->photos.count; i++) {
        const cli_photo *photo = &o->photos.items[i];
        if (photo->state == CLI_PHOTO_TO_DO && (!photo->listed || cli_photo_is_named_so(photo))) {
            return true;
        }
    }
    return false;
}

static bool make_folder(cli *run, const cli_outputs *o) {
    const char *folder = o->folder;
    bd_path_kind kind = bd_path_look(folder);
    bd_failure failure = kind ? 0 : bd_folder_make(folder);
    kind = failure ? bd_path_look(folder) : kind; /* another run may have made it meanwhile */
    if (kind == BD_PATH_FILE || kind == BD_PATH_OTHER) {
        return cli_fail(run, CLI_UNWRITABLE, "%s: not a folder", folder);
    }
    if (failure && kind != BD_PATH_FOLDER) {
        return cli_is_there(folder) ? cli_fail(run, CLI_UNWRITABLE, "%s: a symbolic link to nothing", folder)
                                    : cli_fail(run, CLI_UNWRITABLE, "%s: cannot make the folder: %s", folder,
                                               bd_failure_say(failure, &(bd_failure_text){0}));
    }
    return !is_to_be_written(o) || cli_may_write_in(folder) ||
           cli_fail(run, CLI_UNWRITABLE, "%s: cannot write: %s", folder, strerror(errno));
}

bool cli_outputs_plan(cli *run, cli_outputs *o) {
    const char *suffix = run->options.suffix;
    for (const char *at = suffix; at && *at; at++) {
        if (bd_path_is_separator(*at)) {
            return cli_fail(run, CLI_USAGE, "--suffix is a part of a name, without a folder, not '%s'", suffix);
        }
    }
    if (!cli_photos_list(run, &o->photos)) {
        return false;
    }
    o->one = o->photos.count == 1 && !o->photos.items[0].listed;
    for (size_t i = 0; i < o->photos.count; i++) {
        if (!set_name(run, &o->photos.items[i], 0)) {
            return false;
        }
    }
    if (!has_folded_twins(run, &o->photos, &o->folds)) {
        return false;
    }
    o->folds = o->folds && ignores_case(o->folder);
    return settle_names(run, o) && check_all(run, o) && choose(run, o) && check_beside(run, o) && make_folder(run, o);
}

bool cli_outputs_check_absent(cli *run) {
    static const size_t members[] = {offsetof(cli_options, recursive),     offsetof(cli_options, suffix),
                                     offsetof(cli_options, skip_existing), offsetof(cli_options, on_clash),
                                     offsetof(cli_options, shard),         offsetof(cli_options, tune_share)};
    for (size_t i = 0; i < CLI_COUNT(members); i++) {
        if (run->given[members[i]]) {
            return cli_fail(run, CLI_USAGE, "--%s goes with --output-dir",
                            cli_option_find(members[i], run->options.verb)->name);
        }
    }
    const char *first = run->options.operand_count ? run->options.operands[0] : "-";
    return bd_path_look(first) != BD_PATH_FOLDER ||
           cli_fail(run, CLI_UNREADABLE, "%s: a folder, not a file; give --output-dir for the photos in it", first);
}
