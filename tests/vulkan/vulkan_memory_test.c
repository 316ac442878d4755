/* SPDX-License-Identifier: MIT
 * Pixels in a host's buffers, and images in memory from elsewhere: by descriptors between two devices of two instances,
 * and at addresses of the host. The same bytes as from the host's memory; what cannot be is refused and leaks nothing. */
#define _GNU_SOURCE
#include "support/vulkan_shared.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/session.h"
#include "push/picture_convert.h"
#include "reference/reference.h"

static const bd_replace_params cut_out = {
    .struct_size = sizeof cut_out, .matte = &shared_given, .background = BD_BACKGROUND_TRANSPARENT};

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        (void)closedir(folder);
    }
    return count;
}

static void wait(bd_session *session) {
    bd_error error;
    shared_require(bd_session_wait_images(session, &error), &error);
}

static void run(bd_session *session, const bd_vulkan_image *photo, const bd_vulkan_image *background,
                const bd_replace_params *params, const bd_vulkan_image *result, const bd_vulkan_image *alpha) {
    bd_error error;
    shared_require(
        bd_session_replace_images(session, photo, background, params, result, alpha, NULL, 0, NULL, 0, &error), &error);
    wait(session);
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

enum { OFFSET = 52, GAP = 12, FILLING = 0xa5 };

static bd_vulkan_image rows_in(const vulkan_buffer *buffer, VkFormat format, uint32_t w, uint32_t h, size_t row_bytes) {
    return (bd_vulkan_image){.struct_size = sizeof(bd_vulkan_image),
                             .buffer = buffer->buffer,
                             .format = format,
                             .width = w,
                             .height = h,
                             .offset = OFFSET,
                             .row_bytes = row_bytes};
}

static void put_rows(void *to, size_t stride, const void *from, size_t bytes, uint32_t rows) {
    for (uint32_t y = 0; y < rows; y++) {
        memcpy((char *)to + y * stride, (const char *)from + y * bytes, bytes);
    }
}

/* Rows as expected, and the gaps between them as they were. */
static void check_rows(const void *got, size_t stride, const void *expected, size_t bytes, uint32_t rows) {
    for (uint32_t y = 0; y < rows; y++) {
        const uint8_t *row = (const uint8_t *)got + y * stride;
        assert_memory_equal(row, (const char *)expected + y * bytes, bytes);
        for (size_t i = bytes; i < stride && y + 1 < rows; i++) {
            assert_int_equal(row[i], FILLING);
        }
    }
}

/* Photo, background, result and matte in one buffer each, with gaps and without. */
static void check_buffers(shared_fixture *f, bool deep, size_t gap) {
    enum { BACK_W = 70, BACK_H = 80 };
    const size_t bytes = deep ? 8 : 4, row = SHARED_W * bytes, stride = gap ? row + gap : 0, back_row = BACK_W * bytes;
    const bd_replace_params params = {.struct_size = sizeof params, .matte = &shared_given, .want_alpha = true};
    bd_image photo = shared_noise(SHARED_W, SHARED_H, deep, true, 1);
    bd_image behind = shared_noise(BACK_W, BACK_H, deep, true, 2), matte = {0};
    bd_image expected = test_replaced(f->session, &photo, &behind, &params);
    bd_error error;
    shared_require(bd_session_take_alpha(f->session, &matte, &error), &error);
    const VkFormat format = shared_plain_format(&photo);
    const size_t sizes[4] = {OFFSET + SHARED_H * (row + gap), OFFSET + BACK_H * (back_row + gap),
                             OFFSET + SHARED_H * (row + gap), OFFSET + SHARED_H * (SHARED_W + gap)};
    vulkan_buffer buffers[4];
    char *at[4];
    for (int i = 0; i < 4; i++) {
        buffers[i] = vulkan_buffer_make(&f->host, sizes[i]);
        memset(buffers[i].mapped, FILLING, sizes[i]);
        at[i] = (char *)buffers[i].mapped + OFFSET;
    }
    put_rows(at[0], row + gap, photo.pixels, row, SHARED_H);
    put_rows(at[1], back_row + gap, behind.pixels, back_row, BACK_H);
    const bd_vulkan_image in = rows_in(&buffers[0], format, SHARED_W, SHARED_H, stride);
    const bd_vulkan_image back = rows_in(&buffers[1], format, BACK_W, BACK_H, gap ? back_row + gap : 0);
    const bd_vulkan_image out = rows_in(&buffers[2], format, SHARED_W, SHARED_H, stride);
    const bd_vulkan_image alpha =
        rows_in(&buffers[3], VK_FORMAT_R8_UNORM, SHARED_W, SHARED_H, gap ? SHARED_W + gap : 0);
    run(f->session, &in, &back, &params, &out, &alpha);
    check_rows(at[2], row + gap, expected.pixels, row, SHARED_H);
    check_rows(at[3], SHARED_W + gap, matte.pixels, SHARED_W, SHARED_H);
    for (int i = 0; i < OFFSET; i++) {
        assert_int_equal(((uint8_t *)buffers[2].mapped)[i], FILLING);
    }
    run(f->session, &in, &back, &params, &in, NULL); /* in place */
    check_rows(at[0], row + gap, expected.pixels, row, SHARED_H);
    for (int i = 0; i < 4; i++) {
        vulkan_buffer_drop(&f->host, &buffers[i]);
    }
    bd_image_finish(&expected);
    bd_image_finish(&matte);
    free(photo.pixels);
    free(behind.pixels);
}

static void test_buffers(void **state) {
    for (int ways = 0; ways < 4; ways++) {
        check_buffers(*state, ways & 1, ways & 2 ? GAP : 0);
    }
}

/* ---- the host's memory ------------------------------------------------------------------------------------------- */

enum { ROOM = 1 << 17 };

static void *map(void) {
    void *mapped = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(mapped != MAP_FAILED);
    memset(mapped, FILLING, ROOM);
    return mapped;
}

static bd_vulkan_image plain(VkFormat format) {
    return (bd_vulkan_image){
        .struct_size = sizeof(bd_vulkan_image), .format = format, .width = SHARED_W, .height = SHARED_H};
}

static void test_pointer(void **state) {
    shared_fixture *f = *state;
    const size_t row = (size_t)SHARED_W * 4, stride = row + GAP;
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, true, 1);
    bd_image expected = test_replaced(f->session, &photo, NULL, &cut_out);
    bd_vulkan_image images[2];
    void *mapped[2];
    bd_error error;
    for (int i = 0; i < 2; i++) {
        mapped[i] = map();
        images[i] = plain(VK_FORMAT_R8G8B8A8_UNORM);
        images[i].offset = OFFSET;
        images[i].row_bytes = stride;
        const bd_vulkan_memory memory = {.struct_size = sizeof memory, .pointer = mapped[i], .bytes = ROOM};
        const bd_result result = bd_engine_import_memory(f->engine, &memory, &images[i], &error);
        if (result == BD_ERR_UNSUPPORTED) {
            (void)printf("skipped: %s\n", error.message);
            skip();
        }
        shared_require(result, &error);
        assert_true(images[i].buffer && images[i].owner && !images[i].image);
    }
    for (int turn = 0; turn < 3; turn++) { /* written anew each time */
        put_rows((char *)mapped[0] + OFFSET, stride, photo.pixels, row, SHARED_H);
        run(f->session, &images[0], NULL, &cut_out, &images[1], NULL);
        check_rows((char *)mapped[1] + OFFSET, stride, expected.pixels, row, SHARED_H);
        memset(mapped[0], FILLING, ROOM);
        memset(mapped[1], FILLING, ROOM);
    }
    for (int i = 0; i < 2; i++) {
        bd_vulkan_image_finish(&images[i]);
        assert_null(images[i].owner);
        bd_vulkan_image_finish(&images[i]);
        (void)munmap(mapped[i], ROOM);
    }
    bd_image_finish(&expected);
    free(photo.pixels);
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

/* An image that the host on its device fills and reads, and what its buffer's copies need. */
static shared around(vulkan_host *host, const bd_vulkan_image *image) {
    shared s = {.image = *image};
    s.buffer = vulkan_buffer_make(host, shared_bytes(&s));
    return s;
}

static bd_engine *open_own(void) {
    bd_engine *engine;
    bd_error error;
    const bd_engine_params params = {
        .struct_size = sizeof params, .device = getenv("BACKDROP_DEVICE"), .validation = true};
    shared_require(bd_engine_create(&params, &engine, &error), &error);
    return engine;
}

/* Exported by one engine and imported by another one. */
static bool share(bd_engine *from, bd_engine *to, bool optimal, bd_vulkan_image *there, bd_vulkan_image *here) {
    bd_vulkan_memory memory = {.struct_size = sizeof memory, .kind = BD_VULKAN_MEMORY_FD, .optimal = optimal};
    bd_error error;
    bd_result result = bd_engine_export_memory(from, &memory, there, &error);
    if (result == BD_ERR_UNSUPPORTED) {
        (void)printf("skipped: %s\n", error.message);
        return false;
    }
    shared_require(result, &error);
    assert_true(memory.fd >= 0 && memory.bytes >= (uint64_t)SHARED_W * SHARED_H * 4);
    assert_true(optimal ? there->image && !there->buffer : there->buffer && !there->image);
    shared_require(bd_engine_import_memory(to, &memory, here, &error), &error);
    assert_int_equal(fcntl(memory.fd, F_GETFD), -1); /* taken */
    return true;
}

/* The host's device holds the photo, an engine of its own instance works on it and makes the memory of the result, which
 * the host's device reads. */
static void check_descriptors(shared_fixture *f, bd_engine *own, bd_session *session, bool optimal) {
    vulkan_host *host = &f->host;
    const size_t row = (size_t)SHARED_W * 4;
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, true, 1);
    bd_image expected = test_replaced(session, &photo, NULL, &cut_out);
    bd_vulkan_image of_host[2], of_engine[2];
    for (int i = 0; i < 2; i++) {
        of_host[i] = of_engine[i] = plain(VK_FORMAT_R8G8B8A8_UNORM);
    }
    if (!share(f->engine, own, optimal, &of_host[0], &of_engine[0])) {
        skip();
    }
    assert_true(share(own, f->engine, optimal, &of_engine[1], &of_host[1]));
    if (optimal) {
        shared in = around(host, &of_host[0]), out = around(host, &of_host[1]);
        shared_write(host, &in, photo.pixels, VK_IMAGE_LAYOUT_GENERAL);
        run(session, &of_engine[0], NULL, &cut_out, &of_engine[1], NULL);
        assert_memory_equal(shared_read(host, &out, VK_IMAGE_LAYOUT_GENERAL), expected.pixels, shared_bytes(&out));
        vulkan_buffer_drop(host, &in.buffer);
        vulkan_buffer_drop(host, &out.buffer);
    } else { /* the host's engine carries the pixels there and back, and cuts out, too */
        vulkan_buffer in = vulkan_buffer_make(host, OFFSET + row * SHARED_H);
        bd_image twice = test_replaced(session, &expected, NULL, &cut_out);
        put_rows((char *)in.mapped + OFFSET, row, photo.pixels, row, SHARED_H);
        const bd_vulkan_image rows = rows_in(&in, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H, 0);
        run(f->session, &rows, NULL, &cut_out, &of_host[0], NULL);
        run(session, &of_engine[0], NULL, &cut_out, &of_engine[1], NULL);
        bd_image thrice = test_replaced(session, &twice, NULL, &cut_out);
        run(f->session, &of_host[1], NULL, &cut_out, &rows, NULL);
        assert_memory_equal((char *)in.mapped + OFFSET, thrice.pixels, row * SHARED_H);
        vulkan_buffer_drop(host, &in);
        bd_image_finish(&twice);
        bd_image_finish(&thrice);
    }
    for (int i = 0; i < 2; i++) {
        bd_vulkan_image_finish(&of_engine[i]);
        bd_vulkan_image_finish(&of_host[i]);
    }
    bd_image_finish(&expected);
    free(photo.pixels);
}

static void test_descriptors(void **state) {
    bd_engine *own = open_own();
    bd_session *session = test_session_create(own, NULL, NULL);
    for (int optimal = 0; optimal < 2; optimal++) {
        const int before = count_descriptors();
        check_descriptors(*state, own, session, optimal);
        assert_int_equal(count_descriptors(), before);
    }
    bd_session_destroy(session);
    assert_int_equal(bd_engine_validation_messages(own), 0);
    bd_engine_destroy(own);
}

/* The image keeps the engine. */
static void test_order(void **state) {
    (void)state;
    bd_engine *own = open_own();
    bd_vulkan_memory memory = {.struct_size = sizeof memory, .kind = BD_VULKAN_MEMORY_FD};
    bd_vulkan_image image = plain(VK_FORMAT_R16_UNORM);
    bd_error error;
    const int before = count_descriptors();
    const bd_result result = bd_engine_export_memory(own, &memory, &image, &error);
    bd_engine_destroy(own);
    if (result == BD_ERR_UNSUPPORTED) {
        (void)printf("skipped: %s\n", error.message);
        skip();
    }
    shared_require(result, &error);
    bd_vulkan_image_finish(&image);
    assert_int_equal(close(memory.fd), 0);
    assert_true(count_descriptors() <= before);
}

static void test_dma_buf(void **state) {
    shared_fixture *f = *state;
    bd_vulkan_memory memory = {.struct_size = sizeof memory, .kind = BD_VULKAN_MEMORY_DMA_BUF};
    bd_vulkan_image there = plain(VK_FORMAT_R8G8B8A8_UNORM), here = there;
    bd_error error = {0};
    const bd_result result = bd_engine_export_memory(f->engine, &memory, &there, &error);
    if (result == BD_ERR_UNSUPPORTED) {
        assert_non_null(strstr(error.message, "dma"));
        (void)printf("skipped: %s\n", error.message);
        skip();
    }
    shared_require(result, &error);
    shared_require(bd_engine_import_memory(f->engine, &memory, &here, &error), &error);
    bd_image photo = shared_noise(SHARED_W, SHARED_H, false, true, 1);
    bd_image expected = test_replaced(f->session, &photo, NULL, &cut_out);
    bd_image twice = test_replaced(f->session, &expected, NULL, &cut_out);
    vulkan_buffer in = vulkan_buffer_make(&f->host, OFFSET + (size_t)SHARED_W * 4 * SHARED_H);
    put_rows((char *)in.mapped + OFFSET, (size_t)SHARED_W * 4, photo.pixels, (size_t)SHARED_W * 4, SHARED_H);
    const bd_vulkan_image rows = rows_in(&in, VK_FORMAT_R8G8B8A8_UNORM, SHARED_W, SHARED_H, 0);
    run(f->session, &rows, NULL, &cut_out, &there, NULL);
    run(f->session, &here, NULL, &cut_out, &rows, NULL);
    assert_memory_equal((char *)in.mapped + OFFSET, twice.pixels, (size_t)SHARED_W * 4 * SHARED_H);
    vulkan_buffer_drop(&f->host, &in);
    bd_vulkan_image_finish(&here);
    bd_vulkan_image_finish(&there);
    bd_image_finish(&expected);
    bd_image_finish(&twice);
    free(photo.pixels);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void refuse(bd_engine *engine, const bd_vulkan_memory *memory, const bd_vulkan_image *given, bd_result expected,
                   const char *word) {
    bd_vulkan_image image = *given;
    bd_error error = {0};
    const bd_result got = bd_engine_import_memory(engine, memory, &image, &error);
    if (got != expected || !strstr(error.message, word)) {
        fail_msg("%s: %s %s", word, bd_result_name(got), error.message);
    }
    assert_memory_equal(&image, given, sizeof image);
}

static void test_refusals(void **state) {
    shared_fixture *f = *state;
    bd_engine *engine = f->engine;
    const bd_vulkan_image good = plain(VK_FORMAT_R8G8B8A8_UNORM);
    bd_vulkan_image image = good;
    bd_vulkan_memory memory = {.struct_size = sizeof memory, .bytes = ROOM}, exported = memory;
    char *mapped = map();
    const int before = count_descriptors();
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "pointer is missing");
    memory.pointer = mapped + 64;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "multiples of");
    memory.pointer = mapped;
    memory.bytes = ROOM - 1;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "multiples of");
    memory.bytes = 4096;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "the memory has 4096 bytes");
    memory.bytes = ROOM;
    image.offset = ROOM - 4;
    refuse(engine, &memory, &image, BD_ERR_INVALID_ARGUMENT, "the image needs");
    image = good;
    image.row_bytes = SHARED_W * 4 - 1;
    refuse(engine, &memory, &image, BD_ERR_INVALID_ARGUMENT, "row_bytes");
    image.row_bytes = UINT64_MAX / 2;
    refuse(engine, &memory, &image, BD_ERR_INVALID_ARGUMENT, "larger than any memory");
    image = good;
    image.format = VK_FORMAT_R5G6B5_UNORM_PACK16;
    refuse(engine, &memory, &image, BD_ERR_UNSUPPORTED, "VkFormat 4");
    image = good;
    image.height = 0;
    refuse(engine, &memory, &image, BD_ERR_INVALID_ARGUMENT, "no image of 1..");
    image = good;
    image.struct_size = 56; /* before there were owners */
    refuse(engine, &memory, &image, BD_ERR_INVALID_ARGUMENT, "no room for an owner");
    memory.optimal = true;
    refuse(engine, &memory, &good, BD_ERR_UNSUPPORTED, "optimal");
    memory.optimal = false;
    memory.kind = (bd_vulkan_memory_kind)7;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "no such kind");
    memory.kind = BD_VULKAN_MEMORY_FD;
    memory.fd = -1;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "descriptor -1");
    memory.fd = 9999;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "descriptor 9999");
    memory.fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* open, but no memory */
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "");
    assert_int_equal(close(memory.fd), 0); /* still ours */
    /* Of the right kind, but not as it is said to be. */
    exported.kind = BD_VULKAN_MEMORY_FD;
    bd_error error;
    image = good;
    shared_require(bd_engine_export_memory(engine, &exported, &image, &error), &error);
    memory = exported;
    memory.bytes = 100;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "the memory has 100 bytes");
    memory.bytes = exported.bytes;
    memory.memory_type = 77;
    refuse(engine, &memory, &good, BD_ERR_INVALID_ARGUMENT, "no memory type");
    assert_int_equal(close(exported.fd), 0);
    bd_vulkan_image_finish(&image);
    assert_int_equal(count_descriptors(), before);
    (void)munmap(mapped, ROOM);
}

/* On a device where nothing is enabled. */
static void test_bare(void **state) {
    shared_fixture *f = *state;
    bd_vulkan_import bare = f->host.import;
    bd_engine *engine;
    bd_error error;
    bare.extension_count = 0;
    shared_require(bd_engine_import(NULL, &bare, &engine, &error), &error);
    const bd_vulkan_image good = plain(VK_FORMAT_R8G8B8A8_UNORM);
    static const char *const words[] = {"VK_EXT_external_memory_host is not enabled",
                                        "VK_KHR_external_memory_fd is not enabled",
                                        "VK_EXT_external_memory_dma_buf is not enabled"};
    for (int kind = 0; kind < 3; kind++) {
        bd_vulkan_memory memory = {.struct_size = sizeof memory, .kind = (bd_vulkan_memory_kind)kind};
        bd_vulkan_image image = good;
        refuse(engine, &memory, &good, BD_ERR_UNSUPPORTED, words[kind]);
        assert_int_equal(bd_engine_export_memory(engine, &memory, &image, &error), BD_ERR_UNSUPPORTED);
        assert_non_null(strstr(error.message, words[kind]));
    }
    bd_engine_destroy(engine);
}

int main(void) {
    int skip = test_device_skip();
    if (skip) {
        return skip;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_buffers),     cmocka_unit_test(test_pointer),
                                       cmocka_unit_test(test_descriptors), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_dma_buf),     cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_bare),        cmocka_unit_test(shared_close)};
    return cmocka_run_group_tests(tests, shared_open, NULL);
}
