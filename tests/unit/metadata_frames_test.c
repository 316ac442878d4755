/* SPDX-License-Identifier: MIT
 * Metadata of GIF, and of animations in all their forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/metadata.h"

/* ---- GIF ---- */

static void check_texts(const bd_metadata *m) {
    assert_int_equal(m->text_count, 2);
    assert_string_equal(m->texts[0].key, "Comment");
    assert_string_equal(m->texts[0].value, "by hand \xc3\xa9");
    assert_string_equal(m->texts[1].value, "Author: nobody");
}

static void test_gif(void **state) {
    (void)state;
    if (!form_named("GIF").writes) {
        skip();
    }
    bd_image image = smooth_picture(40, 24, BD_FORMAT_RGBA8, false), again;
    bd_metadata metadata;
    said kept;
    bytes file = written_with_metadata(&image, BD_IMAGE_FILE_GIF, &kept);
    assert_int_equal(kept.lines, 1);
    assert_non_null(strstr(kept.last, "metadata of the photo that is not written to GIF: EXIF"));
    assert_true(read_with_metadata(file, &(bd_image_read_params){0}, &again, &metadata, &kept));
    assert_int_equal(kept.lines, 0);
    check_texts(&metadata);
    assert_true(contains(metadata.xmp, metadata.xmp_bytes, "tiff:Orientation='1' tiff:ImageWidth='40'"));
    assert_memory_equal(metadata.xmp + metadata.xmp_bytes - 12, "</x:xmpmeta>", 12);
    bd_metadata_finish(&metadata);
    bd_image_finish(&again);
    /* XMP that nothing ends as it should. */
    const size_t end = find_bytes(file, "</x:xmpmeta>\1\xff\xfe", 15) + 12;
    file.data[end] = 2;
    assert_true(read_with_metadata(file, &(bd_image_read_params){0}, &again, &metadata, &kept));
    assert_int_equal(metadata.xmp_bytes, 0);
    assert_non_null(strstr(kept.last, "XMP"));
    check_texts(&metadata);
    bd_metadata_finish(&metadata);
    bd_image_finish(&again);
    read_mutations(file, 6, file.size);
    read_without_memory(file);
    free(file.data);
    /* A comment of several blocks, and others of none, of NULs, in Latin-1, and behind the frames. */
    char value[1000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const bd_metadata_text lines[] = {{"Comment", value}};
    const bd_metadata many = {.struct_size = sizeof many, .texts = lines, .text_count = 1};
    const bd_image_write_params params = {.struct_size = sizeof params, .file = BD_IMAGE_FILE_GIF, .metadata = &many};
    file = encoded(&image, &params);
    file.size--; /* what ends a file */
    append_bytes(&file, "!\xfe\0!\xfe\2\0\0\0!\xfe\1\xe9\0!\xfe\4end\0\0;", 23);
    assert_true(read_with_metadata(file, &(bd_image_read_params){0}, &again, &metadata, &kept));
    assert_int_equal(metadata.text_count, 3);
    assert_string_equal(metadata.texts[0].value, value);
    assert_string_equal(metadata.texts[1].value, "\xc3\xa9");
    assert_string_equal(metadata.texts[2].value, "end");
    assert_int_equal(kept.lines, 0);
    bd_metadata_finish(&metadata);
    bd_image_finish(&again);
    free(file.data);
    bd_image_finish(&image);
}

/* ---- animations ---- */

enum { FRAMES = 3, WIDTH = 40, HEIGHT = 24 };

static bytes animated(bd_image_file file, const bd_metadata *metadata, said *kept) {
    const bd_image_write_params params = {.struct_size = sizeof params,
                                          .file = file,
                                          .lossless = file != BD_IMAGE_FILE_GIF,
                                          .metadata = metadata,
                                          .log = keep_said,
                                          .log_user = kept};
    bd_animation_writer *writer;
    bd_error error;
    *kept = (said){0};
    assert_int_equal(bd_animation_writer_create(&params, 0, &writer, &error), BD_OK);
    for (int n = 0; n < FRAMES; n++) {
        bd_image frame = smooth_picture(WIDTH, HEIGHT, BD_FORMAT_RGBA8, false);
        frame.pixels[n * 4] ^= 0x80;
        assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, &error), BD_OK);
        bd_image_finish(&frame);
    }
    void *data;
    size_t size;
    assert_int_equal(bd_animation_writer_finish(writer, &data, &size, &error), BD_OK);
    bytes made = copy_of_bytes(data, size);
    bd_release(NULL, data);
    bd_animation_writer_destroy(writer);
    return made;
}

/* The first frame, and what came with it. */
static bd_image first_of(bytes file, bool ignore, bd_metadata *metadata, said *kept) {
    *metadata = (bd_metadata){.struct_size = sizeof *metadata};
    *kept = (said){0};
    const bd_image_read_params params = {.struct_size = sizeof params,
                                         .ignore_orientation = ignore,
                                         .metadata = metadata,
                                         .log = keep_said,
                                         .log_user = kept};
    bd_animation *animation;
    bd_animation_info info = {.struct_size = sizeof info};
    bd_image first = {0};
    bd_error error;
    assert_int_equal(bd_animation_decode(file.data, file.size, "sample", &params, &animation, &error), BD_OK);
    assert_int_equal(bd_animation_info_get(animation, &info), BD_OK);
    assert_int_equal(info.frame_count, FRAMES);
    assert_null(metadata->owner);
    for (int n = 0; n < FRAMES; n++) {
        bd_image frame;
        assert_int_equal(bd_animation_next(animation, &frame, NULL, &error), BD_OK);
        assert_int_equal(frame.width, info.width);
        assert_int_equal(frame.height, info.height);
        if (n) {
            bd_image_finish(&frame);
        } else {
            first = frame;
        }
    }
    bd_animation_close(animation);
    return first;
}

static void check_animation(bd_image_file file, const char *form, const char *dropped) {
    if (!form_named(form).frames) {
        skip();
    }
    bd_metadata metadata;
    said kept;
    bytes data = animated(file, &sample_metadata, &kept);
    assert_int_equal(kept.lines, dropped != NULL);
    assert_true(!dropped || strstr(kept.last, dropped));
    const bool exif = file != BD_IMAGE_FILE_GIF;
    read_mutations(data, 8, data.size);
    read_without_memory(data);
    for (int ignore = 0; ignore < 2; ignore++) {
        bd_image first = first_of(data, ignore, &metadata, &kept);
        assert_int_equal(kept.lines, 0);
        assert_int_equal(first.width, exif && !ignore ? HEIGHT : WIDTH);
        if (exif) {
            check_sample_blocks(&metadata, WIDTH, ignore ? 6 : 1);
        }
        /* As stills are turned. */
        bd_image still;
        bd_metadata again;
        assert_true(
            read_with_metadata(data, &(bd_image_read_params){.ignore_orientation = ignore}, &still, &again, &kept));
        assert_non_null(strstr(kept.last, "first of 3 frames"));
        assert_int_equal(largest_difference(&still, &first), 0);
        assert_int_equal(again.exif_bytes, metadata.exif_bytes);
        assert_int_equal(again.xmp_bytes, metadata.xmp_bytes);
        assert_int_equal(again.text_count, metadata.text_count);
        bd_metadata_finish(&again);
        bd_metadata_finish(&metadata);
        bd_image_finish(&still);
        bd_image_finish(&first);
    }
    free(data.data);
}

static void test_animated_png(void **state) {
    (void)state;
    check_animation(BD_IMAGE_FILE_PNG, "PNG", NULL);
}

static void test_animated_webp(void **state) {
    (void)state;
    check_animation(BD_IMAGE_FILE_WEBP, "WebP", "metadata of the photo that is not written to WebP: texts");
}

static void test_animated_gif(void **state) {
    (void)state;
    check_animation(BD_IMAGE_FILE_GIF, "GIF", "metadata of the photo that is not written to GIF: EXIF");
}

/* Texts that no PNG holds are named once, not once a frame; metadata that points nowhere fails. */
static void test_animation_refusals(void **state) {
    (void)state;
    static const bd_metadata_text odd[] = {{" a", "x"}};
    const bd_metadata no_key = {.struct_size = sizeof no_key, .texts = odd, .text_count = 1};
    said kept;
    bytes data = animated(BD_IMAGE_FILE_PNG, &no_key, &kept);
    assert_int_equal(kept.lines, 1);
    free(data.data);
    const bd_metadata wrong = {.struct_size = sizeof wrong, .exif_bytes = 1};
    const bd_image_write_params params = {.struct_size = sizeof params, .metadata = &wrong};
    bd_image frame = smooth_picture(4, 4, BD_FORMAT_RGBA8, false);
    bd_animation_writer *writer;
    bd_error error;
    assert_int_equal(bd_animation_writer_create(&params, 0, &writer, &error), BD_OK);
    assert_int_equal(bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, &error), BD_ERR_INVALID_ARGUMENT);
    bd_animation_writer_destroy(writer);
    bd_image_finish(&frame);
    bd_metadata no_size = {0};
    const bd_image_read_params in = {.struct_size = sizeof in, .metadata = &no_size};
    bd_animation *animation;
    assert_int_equal(bd_animation_decode("GIF89a", 6, "x", &in, &animation, &error), BD_ERR_INVALID_ARGUMENT);
}

static void test_writing_without_memory(void **state) {
    (void)state;
    static const bd_image_file written_to[] = {BD_IMAGE_FILE_PNG, BD_IMAGE_FILE_WEBP, BD_IMAGE_FILE_GIF};
    static const char *const names[] = {"PNG", "WebP", "GIF"};
    bd_image frame = smooth_picture(8, 8, BD_FORMAT_RGBA8, false);
    for (size_t i = 0; i < BD_COUNT(written_to); i++) {
        bd_result result = form_named(names[i]).frames ? BD_ERR_OUT_OF_MEMORY : BD_OK;
        for (long n = 1; result; n++) {
            counter counted = {.fail_at = n};
            const bd_allocator hooks = counting_allocator(&counted);
            const bd_image_write_params params = {
                .struct_size = sizeof params, .allocator = &hooks, .file = written_to[i], .metadata = &sample_metadata};
            bd_animation_writer *writer = NULL;
            void *data = NULL;
            size_t size;
            result = bd_animation_writer_create(&params, 0, &writer, NULL);
            for (int k = 0; k < 2 && !result; k++) {
                result = bd_animation_writer_add(writer, &frame, (bd_delay){1, 10}, NULL);
            }
            result = result ? result : bd_animation_writer_finish(writer, &data, &size, NULL);
            bd_animation_writer_destroy(writer);
            bd_release(&hooks, data);
            assert_int_equal(counted.alive, 0);
            assert_true(result == BD_ERR_OUT_OF_MEMORY || !result);
        }
    }
    bd_image_finish(&frame);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gif),
        cmocka_unit_test(test_animated_png),
        cmocka_unit_test(test_animated_webp),
        cmocka_unit_test(test_animated_gif),
        cmocka_unit_test(test_animation_refusals),
        cmocka_unit_test(test_writing_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
