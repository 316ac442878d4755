/* SPDX-License-Identifier: MIT
 * A window with a Vulkan device and swapchain of its own: left of a line the photo, right of it what the library makes of
 * it, from image to image on that device.
 *
 *     cc -std=c11 viewer.c viewer_host.c $(pkg-config --cflags --libs glfw3 vulkan) -lbackdrop -o viewer
 *
 * The title tells how long the last replacement took: by the host's clock from bd_session_replace_images until
 * bd_session_wait_images returns, and how much of that the device worked. The first one of a photo's size is slower:
 * memory is allocated, and commands are recorded. A host with other work meanwhile would give semaphores instead of
 * waiting, as offscreen.c does. */
#include "viewer_host.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: viewer [-o OUT.png] [PHOTO [BACKGROUND]]\n"
    "\n"
    "Left of a line is the photo, right of it the photo with another background. A file that is dropped\n"
    "left of the line, or while there is no photo, is the photo; right of the line it is the background.\n"
    "\n"
    "  left mouse button  moves the line; r puts it back into the middle\n"
    "  b                  background: picture, blurred, colour, transparent\n"
    "  m                  matte or result\n"
    "  1 2 3 4            matte: hard, soft, refine, best\n"
    "  space              on and off: replaced again for every frame\n"
    "  s                  saves what is right of the line, as OUT.png or beside the photo\n"
    "  q, Escape          ends\n";

enum { PATH_ROOM = 4096 };

typedef struct viewer {
    GLFWwindow *window;
    host host;
    bd_engine *engine;
    bd_model *model;
    bd_session *sessions[2];
    bd_matte_mode mode;
    bd_background kind;
    char photo_path[PATH_ROOM], background_path[PATH_ROOM], out_path[PATH_ROOM];
    picture photo, background, checkers, result, matte;
    picture grey; /* the matte in a format that can be shown */
    double split; /* where the line is, 0..1 */
    bool show_matte, repeat;
    bool stale;   /* there is to be another result */
    bool made;    /* there are a result and a matte of this photo */
    bool changed; /* what is shown is not what was shown last */
    double wall_ms, device_ms;
    char message[sizeof(((bd_error *)0)->message)]; /* in the title until the next key or file */
} viewer;

/* The viewer goes on after this. */
static void complain(viewer *v, const char *message) {
    fprintf(stderr, "viewer: %s\n", message);
    snprintf(v->message, sizeof v->message, "%s", message);
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

static uint32_t longest_side(const picture *p) {
    return p->width > p->height ? p->width : p->height;
}

/* A file becomes a picture. Where that fails the picture stays as it was. */
static bool read_picture(viewer *v, picture *p, const char *path) {
    bd_image image;
    bd_error error;
    if (bd_image_read(path, NULL, &image, &error)) {
        complain(v, error.message);
        return false;
    }
    const bool fits = image.width <= v->host.longest_side && image.height <= v->host.longest_side;
    if (fits) {
        const size_t row = (size_t)image.width * 4;
        uint8_t *pixels = host_stage(&v->host, row * image.height);
        for (uint32_t y = 0; y < image.height; y++) {
            memcpy(pixels + y * row, image.pixels + (ptrdiff_t)y * image.stride_bytes, row);
        }
        picture_make(&v->host, p, VK_FORMAT_R8G8B8A8_UNORM, image.width, image.height, true);
        p->opaque = !image.has_alpha;
        picture_upload(&v->host, p);
    } else {
        complain(v, "the picture is larger than this device's images may be");
    }
    bd_image_finish(&image);
    return fits;
}

/* A tile of two by two squares, for what is transparent. */
static void make_checkers(viewer *v) {
    const uint32_t square = 4 + longest_side(&v->photo) / 80, side = 2 * square;
    uint8_t *pixels = host_stage(&v->host, (VkDeviceSize)side * side * 4);
    for (uint32_t i = 0; i < side * side; i++) {
        const bool light = (i % side < square) == (i / side < square);
        memset(pixels + 4 * (size_t)i, light ? 235 : 190, 3);
        pixels[4 * (size_t)i + 3] = 255;
    }
    picture_make(&v->host, &v->checkers, VK_FORMAT_R8G8B8A8_UNORM, side, side, false);
    picture_upload(&v->host, &v->checkers);
}

static void take_photo(viewer *v, const char *path) {
    if (read_picture(v, &v->photo, path)) {
        const uint32_t width = v->photo.width, height = v->photo.height;
        snprintf(v->photo_path, sizeof v->photo_path, "%s", path);
        picture_make(&v->host, &v->result, VK_FORMAT_R8G8B8A8_UNORM, width, height, true);
        picture_make(&v->host, &v->matte, VK_FORMAT_R8_UNORM, width, height, false);
        picture_make(&v->host, &v->grey, VK_FORMAT_R8G8B8A8_UNORM, width, height, true);
        make_checkers(v);
        v->stale = v->changed = true;
        v->made = false;
    }
}

static void take_background(viewer *v, const char *path) {
    if (read_picture(v, &v->background, path)) {
        snprintf(v->background_path, sizeof v->background_path, "%s", path);
        v->kind = BD_BACKGROUND_PICTURE;
        v->stale = true;
    }
}

/* ---- the library ------------------------------------------------------------------------------------------------- */

/* The session for a kind of matte, made when it is first needed: BD_MATTE_BEST is meant for one that has the network at
 * twice its size, too, which takes four times the memory. NULL: it failed. */
static bd_session *session_for(viewer *v, bd_matte_mode mode, bd_error *error) {
    const bool best = mode == BD_MATTE_BEST;
    const bd_session_params params = {.struct_size = sizeof params, .in_flight = 1, .closer = best};
    return v->sessions[best] || !bd_session_create(v->engine, v->model, &params, &v->sessions[best], error)
               ? v->sessions[best]
               : NULL;
}

/* The picture as the library is told of it. */
static bd_vulkan_image shared(const picture *p) {
    return (bd_vulkan_image){.struct_size = sizeof(bd_vulkan_image),
                             .image = p->image,
                             .format = p->format,
                             .width = p->width,
                             .height = p->height,
                             .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
                             .layout_in = VK_IMAGE_LAYOUT_GENERAL,
                             .opaque = p->opaque};
}

/* Makes a result, and the matte. Copies do not blend, so what is transparent is shown as a composite on checkers. */
static bool replace(viewer *v, const picture *result, bool on_checkers) {
    const bool checkered = on_checkers && v->kind == BD_BACKGROUND_TRANSPARENT;
    const bd_background kind = checkered ? BD_BACKGROUND_PICTURE : v->kind;
    const bd_matte_params matte = {.struct_size = sizeof matte, .mode = v->mode};
    const bd_replace_params params = {.struct_size = sizeof params,
                                      .background = kind,
                                      .fit = checkered ? BD_FIT_TILE : BD_FIT_COVER,
                                      .color = {40, 110, 160, 255},
                                      .blur_sigma_px =
                                          kind == BD_BACKGROUND_BLUR ? 1 + (float)longest_side(&v->photo) / 64 : 0,
                                      .matte = &matte};
    const bd_vulkan_image in = shared(&v->photo), behind = shared(checkered ? &v->checkers : &v->background);
    const bd_vulkan_image out = shared(result), alpha = shared(&v->matte);
    bd_error error;
    bd_session *session = session_for(v, v->mode, &error);
    const double started = glfwGetTime();
    if (!session ||
        bd_session_replace_images(session, &in, kind == BD_BACKGROUND_PICTURE ? &behind : NULL, &params, &out, &alpha,
                                  NULL, 0, NULL, 0, &error) ||
        bd_session_wait_images(session, &error)) {
        complain(v, error.message);
        return false;
    }
    v->wall_ms = 1000 * (glfwGetTime() - started);
    v->device_ms = 0;
    bd_timing stages[32];
    const uint32_t count = bd_session_timings(session, stages, 32);
    for (uint32_t i = 0; i < count && i < 32; i++) {
        v->device_ms += stages[i].device ? stages[i].ms : 0;
    }
    bd_seen seen = {.struct_size = sizeof seen};
    if (!bd_session_seen(session, &seen) && seen.empty) {
        snprintf(v->message, sizeof v->message, "no person was found");
    }
    return true;
}

/* Blits would show the matte red, so it takes a way through the host's memory. */
static void make_grey(viewer *v) {
    const size_t count = (size_t)v->matte.width * v->matte.height;
    host_stage(&v->host, count * 4);
    uint8_t *pixels = picture_download(&v->host, &v->matte).pixels;
    for (size_t i = count; i-- > 0;) {
        const uint8_t grey = pixels[i];
        memset(pixels + 4 * i, grey, 3);
        pixels[4 * i + 3] = 255;
    }
    picture_upload(&v->host, &v->grey);
}

static void renew_result(viewer *v) {
    v->stale = false;
    v->changed = true;
    if (replace(v, &v->result, true)) {
        v->made = true;
        picture_make_levels(&v->host, &v->result);
        if (v->show_matte) {
            make_grey(v);
        }
    }
}

static void save(viewer *v) {
    picture cut_out = {0};
    const picture *shown = v->show_matte ? &v->matte : &v->result;
    if (!v->made) {
        return;
    }
    if (!v->show_matte && v->kind == BD_BACKGROUND_TRANSPARENT) {
        picture_make(&v->host, &cut_out, VK_FORMAT_R8G8B8A8_UNORM, v->photo.width, v->photo.height, false);
        cut_out.opaque = false;
        shown = replace(v, &cut_out, false) ? &cut_out : NULL;
    }
    char path[PATH_ROOM + 16];
    snprintf(path, sizeof path, "%s", v->out_path);
    if (!*path) {
        const char *dot = strrchr(v->photo_path, '.');
        const size_t stem = dot && !strpbrk(dot, "/\\") ? (size_t)(dot - v->photo_path) : strlen(v->photo_path);
        snprintf(path, sizeof path, "%.*s.%s.png", (int)stem, v->photo_path, v->show_matte ? "matte" : "backdrop");
    }
    if (shown) {
        bd_error error;
        const bd_image image = picture_download(&v->host, shown);
        if (bd_image_write(path, &image, NULL, &error)) {
            complain(v, error.message);
        } else {
            snprintf(v->message, sizeof v->message, "saved %.400s", path);
        }
    }
    picture_drop(&v->host, &cut_out);
}

/* ---- the window -------------------------------------------------------------------------------------------------- */

static const char *file_name(const char *path) {
    const char *name = path;
    for (; *path; path++) {
        name = *path == '/' || *path == '\\' ? path + 1 : name;
    }
    return name;
}

static void write_title(viewer *v, bool busy) {
    static const char *const modes[] = {"refine", "hard", "soft", "best"};
    static const char *const kinds[] = {"", "colour", "transparent", "blurred"};
    char title[1024], time[80] = "";
    if (busy) {
        snprintf(time, sizeof time, " | replacing ...");
    } else if (v->made) {
        snprintf(time, sizeof time, " | %.1f ms, %.1f on the device", v->wall_ms, v->device_ms);
    }
    if (*v->message) {
        snprintf(title, sizeof title, "Backdrop: %s", v->message);
    } else if (!v->photo.image) {
        snprintf(title, sizeof title, "Backdrop: drop a photo here");
    } else {
        snprintf(title, sizeof title, "%.200s | %.200s | %s%s%s%s", file_name(v->photo_path),
                 v->kind == BD_BACKGROUND_PICTURE ? file_name(v->background_path) : kinds[v->kind],
                 v->show_matte ? "matte: " : "", modes[v->mode], time,
                 v->background.image ? "" : " | drop a background right of the line");
    }
    glfwSetWindowTitle(v->window, title);
}

static void on_letter(GLFWwindow *window, unsigned letter) {
    viewer *v = glfwGetWindowUserPointer(window);
    static const bd_matte_mode modes[] = {BD_MATTE_HARD, BD_MATTE_SOFT, BD_MATTE_REFINE, BD_MATTE_BEST};
    static const bd_background next[] = {[BD_BACKGROUND_PICTURE] = BD_BACKGROUND_BLUR,
                                         [BD_BACKGROUND_BLUR] = BD_BACKGROUND_COLOR,
                                         [BD_BACKGROUND_COLOR] = BD_BACKGROUND_TRANSPARENT,
                                         [BD_BACKGROUND_TRANSPARENT] = BD_BACKGROUND_PICTURE};
    *v->message = 0;
    switch (letter) {
    case 'b':
        v->kind = next[v->kind];
        if (v->kind == BD_BACKGROUND_PICTURE && !v->background.image) {
            v->kind = next[v->kind];
        }
        v->stale = true;
        break;
    case 'm':
        v->show_matte = !v->show_matte;
        v->changed = true;
        if (v->show_matte && v->made) {
            make_grey(v);
        }
        break;
    case '1':
    case '2':
    case '3':
    case '4':
        v->mode = modes[letter - '1'];
        v->stale = true;
        break;
    case ' ': v->repeat = !v->repeat; break;
    case 'r': v->split = 0.5; break;
    case 's': save(v); break;
    case 'q': glfwSetWindowShouldClose(window, GLFW_TRUE); break;
    default: break;
    }
}

static double mouse_at(GLFWwindow *window) {
    double x, y;
    int width, height;
    glfwGetCursorPos(window, &x, &y);
    glfwGetWindowSize(window, &width, &height);
    x /= width > 0 ? width : 1;
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static void on_move(GLFWwindow *window, double x, double y) {
    (void)x, (void)y;
    if (glfwGetMouseButton(window, GLFW_MOUSE_BUTTON_LEFT) == GLFW_PRESS) {
        ((viewer *)glfwGetWindowUserPointer(window))->split = mouse_at(window);
    }
}

static void on_button(GLFWwindow *window, int button, int action, int modifiers) {
    (void)button, (void)action, (void)modifiers;
    on_move(window, 0, 0);
}

static void on_drop(GLFWwindow *window, int count, const char **paths) {
    viewer *v = glfwGetWindowUserPointer(window);
    *v->message = 0;
    if (count != 1) {
        complain(v, "drop one file at a time");
    } else if (v->photo.image && mouse_at(window) > v->split) {
        take_background(v, paths[0]);
    } else {
        take_photo(v, paths[0]);
    }
}

static void on_size(GLFWwindow *window, int width, int height) {
    (void)width, (void)height;
    ((viewer *)glfwGetWindowUserPointer(window))->host.resized = true;
}

static void open_window(viewer *v) {
    if (!glfwInit() || !glfwVulkanSupported()) {
        host_fail("no window system, or no Vulkan");
    }
    glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
    glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);
    v->window = glfwCreateWindow(960, 640, "Backdrop", NULL, NULL);
    if (!v->window) {
        host_fail("no window can be opened");
    }
    glfwSetInputMode(v->window, GLFW_STICKY_KEYS, GLFW_TRUE); /* an Escape that is released already counts */
    glfwSetWindowUserPointer(v->window, v);
    glfwSetCharCallback(v->window, on_letter);
    glfwSetCursorPosCallback(v->window, on_move);
    glfwSetMouseButtonCallback(v->window, on_button);
    glfwSetDropCallback(v->window, on_drop);
    glfwSetFramebufferSizeCallback(v->window, on_size);
}

/* As large as the photo, and at most three quarters of the screen. */
static void fit_window(viewer *v) {
    int left, above, width = 1280, height = 960;
    GLFWmonitor *monitor = glfwGetPrimaryMonitor();
    if (monitor) {
        glfwGetMonitorWorkarea(monitor, &left, &above, &width, &height);
    }
    const double wide = 0.75 * width / v->photo.width, high = 0.75 * height / v->photo.height;
    const double least = wide < high ? wide : high, factor = least < 1 ? least : 1;
    width = (int)(v->photo.width * factor + 0.5);
    height = (int)(v->photo.height * factor + 0.5);
    glfwSetWindowSize(v->window, width > 0 ? width : 1, height > 0 ? height : 1);
}

static void run(viewer *v) {
    while (!glfwWindowShouldClose(v->window) && glfwGetKey(v->window, GLFW_KEY_ESCAPE) != GLFW_PRESS) {
        const bool hidden = glfwGetWindowAttrib(v->window, GLFW_ICONIFIED);
        const bool renew = v->photo.image && !hidden && (v->stale || v->repeat);
        write_title(v, v->stale && renew);
        const picture *right = !v->made ? &v->photo : v->show_matte ? &v->grey : &v->result;
        const bool again = host_show(&v->host, &v->photo, right, v->changed, v->split);
        v->changed = false;
        if (renew) {
            renew_result(v);
        }
        if (again || renew) {
            glfwPollEvents();
        } else {
            glfwWaitEvents();
        }
    }
}

static void close_all(viewer *v) {
    picture *const pictures[] = {&v->photo, &v->background, &v->checkers, &v->result, &v->matte, &v->grey};
    for (int i = 0; i < 2; i++) {
        bd_session_destroy(v->sessions[i]);
    }
    bd_model_destroy(v->model);
    bd_engine_destroy(v->engine);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        picture_drop(&v->host, pictures[i]);
    }
    host_close(&v->host);
    glfwDestroyWindow(v->window);
    glfwTerminate();
}

int main(int argc, char **argv) {
    static viewer v = {.kind = BD_BACKGROUND_TRANSPARENT, .split = 0.5};
    int first = 1;
    if (argc > 2 && !strcmp(argv[1], "-o")) {
        snprintf(v.out_path, sizeof v.out_path, "%s", argv[2]);
        first = 3;
    }
    if (argc - first > 2 || (first < argc && argv[first][0] == '-')) {
        fputs(usage, stderr);
        return 2;
    }
    bd_error error;
    if (bd_weights_open_model(NULL, NULL, NULL, &v.model, &error)) {
        host_fail(error.message);
    }
    open_window(&v);
    v.engine = host_open(&v.host, v.window);
    if (first < argc) {
        take_photo(&v, argv[first]);
    }
    if (first + 1 < argc) {
        take_background(&v, argv[first + 1]);
    }
    if (v.photo.image) {
        fit_window(&v);
    }
    glfwShowWindow(v.window);
    run(&v);
    close_all(&v);
    return 0;
}
