/* SPDX-License-Identifier: MIT
 * An OpenGL host without a window. A photo in front of a green screen and a scene are textures; the library puts the
 * figure into the scene, in a third texture, which OpenGL then reads and saves. No weights are needed: the green tells
 * what is background.
 *
 * The textures lie in memory of the library's Vulkan device, which makes it, exports it by a file descriptor and hands it
 * to OpenGL (GL_EXT_memory_object_fd): OpenGL can import memory, but not export its own. So no pixel goes through the host's
 * memory. Where OpenGL or the device cannot do that, or are not the same GPU, the program says what is missing, and the
 * pixels take that way: the picture is the same.
 *
 *     cc -std=c11 opengl.c $(pkg-config --cflags --libs egl gl vulkan) -lbackdrop -o opengl
 *     ./opengl [--copy] PHOTO SCENE OUT.png       --copy: through the host's memory in any case */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GL_GLEXT_PROTOTYPES 0
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>

#include <backdrop.h>
#include <backdrop_vulkan.h>

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must_bd(bd_result result, const bd_error *error) {
    if (result) {
        fprintf(stderr, "%s (%s)\n", error->message, bd_result_name(result));
        exit(1);
    }
}

static void must_gl(const char *what) {
    GLenum error = glGetError();
    if (error) {
        fprintf(stderr, "%s: OpenGL error 0x%x\n", what, error);
        exit(1);
    }
}

/* ---- OpenGL ------------------------------------------------------------------------------------------------------ */

/* What OpenGL 1.1 has not. */
#define GL_FUNCTIONS(X)                                                                                                \
    X(PFNGLGENFRAMEBUFFERSPROC, glGenFramebuffers)                                                                     \
    X(PFNGLDELETEFRAMEBUFFERSPROC, glDeleteFramebuffers)                                                               \
    X(PFNGLBINDFRAMEBUFFERPROC, glBindFramebuffer)                                                                     \
    X(PFNGLFRAMEBUFFERTEXTURE2DPROC, glFramebufferTexture2D)                                                           \
    X(PFNGLCHECKFRAMEBUFFERSTATUSPROC, glCheckFramebufferStatus)                                                       \
    X(PFNGLTEXSTORAGE2DPROC, glTexStorage2D)
/* Of GL_EXT_memory_object and GL_EXT_memory_object_fd; NULL where OpenGL has neither. */
#define GL_MEMORY_FUNCTIONS(X)                                                                                         \
    X(PFNGLGETUNSIGNEDBYTEVEXTPROC, glGetUnsignedBytevEXT)                                                             \
    X(PFNGLGETUNSIGNEDBYTEI_VEXTPROC, glGetUnsignedBytei_vEXT)                                                         \
    X(PFNGLCREATEMEMORYOBJECTSEXTPROC, glCreateMemoryObjectsEXT)                                                       \
    X(PFNGLDELETEMEMORYOBJECTSEXTPROC, glDeleteMemoryObjectsEXT)                                                       \
    X(PFNGLMEMORYOBJECTPARAMETERIVEXTPROC, glMemoryObjectParameterivEXT)                                               \
    X(PFNGLIMPORTMEMORYFDEXTPROC, glImportMemoryFdEXT)                                                                 \
    X(PFNGLTEXSTORAGEMEM2DEXTPROC, glTexStorageMem2DEXT)

static struct {
#define X(type, name) type name;
    GL_FUNCTIONS(X)
    GL_MEMORY_FUNCTIONS(X)
#undef X
    EGLDisplay display;
    EGLContext context;
    GLuint frame; /* to read textures by */
} gl;

static bool has_word(const char *words, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = words; at && (at = strstr(at, word)); at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length])) {
            return true;
        }
    }
    return false;
}

/* A context that needs neither a window nor a screen. */
static void open_gl(void) {
    const char *client = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    gl.display = has_word(client, "EGL_MESA_platform_surfaceless")
                     ? eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)
                     : eglGetDisplay(EGL_DEFAULT_DISPLAY);
    if (gl.display == EGL_NO_DISPLAY || !eglInitialize(gl.display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_API)) {
        fail("there is no EGL display with OpenGL");
    }
    if (!has_word(eglQueryString(gl.display, EGL_EXTENSIONS), "EGL_KHR_surfaceless_context")) {
        fail("EGL has no EGL_KHR_surfaceless_context");
    }
    const EGLint wanted[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config;
    EGLint count = 0;
    if (!eglChooseConfig(gl.display, wanted, &config, 1, &count) || !count) {
        fail("EGL has no configuration for OpenGL");
    }
    gl.context = eglCreateContext(gl.display, config, EGL_NO_CONTEXT, NULL);
    if (!gl.context || !eglMakeCurrent(gl.display, EGL_NO_SURFACE, EGL_NO_SURFACE, gl.context)) {
        fail("EGL makes no context for OpenGL");
    }
#define X(type, name) gl.name = (type)eglGetProcAddress(#name);
    GL_FUNCTIONS(X)
    GL_MEMORY_FUNCTIONS(X)
#undef X
#define X(type, name)                                                                                                  \
    if (!gl.name) {                                                                                                    \
        fail("OpenGL lacks " #name);                                                                                   \
    }
    GL_FUNCTIONS(X)
#undef X
    gl.glGenFramebuffers(1, &gl.frame);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, gl.frame);
}

static void close_gl(void) {
    gl.glDeleteFramebuffers(1, &gl.frame);
    eglMakeCurrent(gl.display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    eglDestroyContext(gl.display, gl.context);
    eglTerminate(gl.display);
}

/* ---- textures ---------------------------------------------------------------------------------------------------- */

/* A texture of RGBA8, first row at the top: nothing of it is shown, so that OpenGL's own origin does not matter. */
typedef struct texture {
    GLuint name, memory; /* memory 0: OpenGL's own */
    uint32_t width, height;
    bd_vulkan_image image; /* the same memory, as the library's device has it */
} texture;

static texture make_texture(uint32_t width, uint32_t height) {
    texture t = {.width = width, .height = height};
    glGenTextures(1, &t.name);
    glBindTexture(GL_TEXTURE_2D, t.name);
    gl.glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, (GLsizei)width, (GLsizei)height);
    must_gl("glTexStorage2D");
    return t;
}

/* The same in memory that the library's device makes and OpenGL imports. */
static texture share_texture(bd_engine *engine, uint32_t width, uint32_t height) {
    texture t = {.width = width, .height = height};
    bd_error error;
    bd_vulkan_memory memory = {.struct_size = sizeof memory, .kind = BD_VULKAN_MEMORY_FD, .optimal = true};
    t.image = (bd_vulkan_image){.struct_size = sizeof t.image,
                                .format = VK_FORMAT_R8G8B8A8_UNORM,
                                .width = width,
                                .height = height,
                                .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                                         VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT};
    must_bd(bd_engine_export_memory(engine, &memory, &t.image, &error), &error);
    const GLint dedicated = memory.dedicated;
    gl.glCreateMemoryObjectsEXT(1, &t.memory);
    gl.glMemoryObjectParameterivEXT(t.memory, GL_DEDICATED_MEMORY_OBJECT_EXT, &dedicated);
    gl.glImportMemoryFdEXT(t.memory, memory.bytes, GL_HANDLE_TYPE_OPAQUE_FD_EXT, memory.fd); /* takes the descriptor */
    must_gl("glImportMemoryFdEXT");
    glGenTextures(1, &t.name);
    glBindTexture(GL_TEXTURE_2D, t.name);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_TILING_EXT, GL_OPTIMAL_TILING_EXT);
    gl.glTexStorageMem2DEXT(GL_TEXTURE_2D, 1, GL_RGBA8, (GLsizei)width, (GLsizei)height, t.memory, 0);
    must_gl("glTexStorageMem2DEXT");
    return t;
}

static void drop_texture(texture *t) {
    glDeleteTextures(1, &t->name);
    if (t->memory) {
        gl.glDeleteMemoryObjectsEXT(1, &t->memory);
    }
    bd_vulkan_image_finish(&t->image);
}

static void fill_texture(const texture *t, const bd_image *from) {
    glBindTexture(GL_TEXTURE_2D, t->name);
    glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)(from->stride_bytes / 4));
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, (GLsizei)t->width, (GLsizei)t->height, GL_RGBA, GL_UNSIGNED_BYTE,
                    from->pixels);
    must_gl("glTexSubImage2D");
}

static bd_image read_texture(const texture *t, bool has_alpha) {
    bd_image to = {.width = t->width,
                   .height = t->height,
                   .has_alpha = has_alpha,
                   .stride_bytes = (ptrdiff_t)t->width * 4,
                   .pixels = malloc((size_t)t->width * t->height * 4)};
    if (!to.pixels) {
        fail("out of memory");
    }
    gl.glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, t->name, 0);
    if (gl.glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        fail("OpenGL cannot read this texture");
    }
    glReadPixels(0, 0, (GLsizei)t->width, (GLsizei)t->height, GL_RGBA, GL_UNSIGNED_BYTE, to.pixels);
    must_gl("glReadPixels");
    return to;
}

/* ---- the composite ----------------------------------------------------------------------------------------------- */

/* NULL: textures can lie in memory of the engine's device. Else what is missing. Descriptors mean something to the same
 * driver on the same GPU only, which the identifiers tell. */
static const char *missing(const bd_engine *engine) {
    const char *has = (const char *)glGetString(GL_EXTENSIONS);
    if (!has_word(has, "GL_EXT_memory_object")) {
        return "OpenGL has no GL_EXT_memory_object";
    }
    if (!has_word(has, "GL_EXT_memory_object_fd")) {
        return "OpenGL has no GL_EXT_memory_object_fd";
    }
#define X(type, name)                                                                                                  \
    if (!gl.name) {                                                                                                    \
        return "OpenGL has no " #name;                                                                                 \
    }
    GL_MEMORY_FUNCTIONS(X)
#undef X
    bd_vulkan_import device = {.struct_size = sizeof device};
    if (bd_engine_vulkan(engine, &device)) {
        return "the library tells nothing of its device";
    }
    bool exports = false;
    for (uint32_t i = 0; i < device.extension_count; i++) {
        exports = exports || !strcmp(device.extensions[i], VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    }
    if (!exports) {
        return "the Vulkan device has no VK_KHR_external_memory_fd";
    }
    PFN_vkGetPhysicalDeviceProperties2 get = (PFN_vkGetPhysicalDeviceProperties2)device.get_instance_proc_addr(
        device.instance, "vkGetPhysicalDeviceProperties2");
    VkPhysicalDeviceIDProperties ids = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &ids};
    get(device.physical_device, &properties);
    GLubyte driver[GL_UUID_SIZE_EXT], gpu[GL_UUID_SIZE_EXT];
    gl.glGetUnsignedBytevEXT(GL_DRIVER_UUID_EXT, driver);
    gl.glGetUnsignedBytei_vEXT(GL_DEVICE_UUID_EXT, 0, gpu);
    if (memcmp(driver, ids.driverUUID, sizeof driver) || memcmp(gpu, ids.deviceUUID, sizeof gpu)) {
        return "OpenGL and Vulkan are not the same driver on the same GPU";
    }
    return NULL;
}

static const bd_matte_params matte = {.struct_size = sizeof matte, .key = BD_KEY_AUTO};
static const bd_replace_params params = {.struct_size = sizeof params, .matte = &matte};

/* On the device alone. Each side waits for the other one: GL_EXT_semaphore_fd with VK_KHR_external_semaphore_fd could order
 * them without the CPU, as the waits and signals of bd_session_replace_images, but software drivers lack both. */
static void replace_shared(bd_session *session, const texture *photo, const texture *scene, texture *result) {
    bd_error error;
    glFinish();
    result->image.layout_in = VK_IMAGE_LAYOUT_UNDEFINED; /* nobody wrote it */
    must_bd(bd_session_replace_images(session, &photo->image, &scene->image, &params, &result->image, NULL, NULL, 0,
                                      NULL, 0, &error),
            &error);
    must_bd(bd_session_wait_images(session, &error), &error);
}

/* Through the host's memory. */
static void replace_copied(bd_session *session, const texture *photo, const texture *scene, const texture *result,
                           bool alpha) {
    bd_error error;
    bd_image in = read_texture(photo, alpha), behind = read_texture(scene, alpha), out = {0};
    must_bd(bd_session_replace(session, &in, &behind, &params, &out, &error), &error);
    fill_texture(result, &out);
    bd_image_finish(&out);
    free(in.pixels);
    free(behind.pixels);
}

int main(int argc, char **argv) {
    bool copied = argc > 1 && !strcmp(argv[1], "--copy");
    if (argc != (copied ? 5 : 4)) {
        fprintf(stderr, "usage: opengl [--copy] PHOTO SCENE OUT.png\n");
        return 2;
    }
    char **paths = argv + (copied ? 2 : 1);
    bd_error error;
    bd_image pictures[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        must_bd(bd_image_read(paths[i], NULL, &pictures[i], &error), &error);
    }
    const bool alpha = pictures[0].has_alpha || pictures[1].has_alpha;
    bd_engine *engine;
    bd_session *session;
    must_bd(bd_engine_create(NULL, &engine, &error), &error);
    must_bd(bd_session_create(engine, NULL, NULL, &session, &error), &error);
    open_gl();
    const char *why = copied ? "--copy" : missing(engine);
    texture textures[3]; /* photo, scene, result */
    for (int i = 0; i < 3; i++) {
        const bd_image *picture = &pictures[i % 2]; /* the result is of the photo's size */
        textures[i] = why ? make_texture(picture->width, picture->height)
                          : share_texture(engine, picture->width, picture->height);
        if (i < 2) {
            fill_texture(&textures[i], picture);
        }
    }
    printf("%s, %s\n", (const char *)glGetString(GL_RENDERER), (const char *)glGetString(GL_VERSION));
    if (why) {
        printf("through the host's memory: %s\n", why);
        replace_copied(session, &textures[0], &textures[1], &textures[2], alpha);
    } else {
        printf("in memory that OpenGL and Vulkan share\n");
        replace_shared(session, &textures[0], &textures[1], &textures[2]);
    }
    bd_image out = read_texture(&textures[2], alpha);
    must_bd(bd_image_write(paths[2], &out, NULL, &error), &error);
    free(out.pixels);
    for (int i = 0; i < 3; i++) {
        drop_texture(&textures[i]);
    }
    close_gl();
    bd_session_destroy(session);
    bd_engine_destroy(engine);
    bd_image_finish(&pictures[0]);
    bd_image_finish(&pictures[1]);
    return 0;
}
