/* SPDX-License-Identifier: MIT
 *
 * Version, results, and the hooks of a caller. A part of backdrop.h, where the conventions are explained. */
#ifndef BACKDROP_BASE_H
#define BACKDROP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef _MSC_VER
#include <sal.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* On Windows a program that links the static library defines BACKDROP_STATIC, and the library's own build
 * BACKDROP_BUILDING; elsewhere neither matters. */
#if defined(_WIN32) && defined(BACKDROP_STATIC)
#define BD_API
#elif defined(_WIN32) && defined(BACKDROP_BUILDING)
#define BD_API __declspec(dllexport)
#elif defined(_WIN32)
#define BD_API __declspec(dllimport)
#elif defined(__GNUC__)
#define BD_API __attribute__((visibility("default")))
#else
#define BD_API
#endif

/* A result that must be looked at. */
#if defined(__GNUC__)
#define BD_CHECK __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define BD_CHECK _Check_return_
#else
#define BD_CHECK
#endif

/* Arguments as of C99's printf, which is not what "printf" means to GCC on Windows. */
#if defined(__MINGW32__) && !defined(__clang__)
#define BD_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define BD_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define BD_PRINTF(text, first)
#endif

#define BD_VERSION_MAJOR 0
#define BD_VERSION_MINOR 2
#define BD_VERSION_PATCH 0

/* Versions as numbers that can be compared: #if BD_VERSION >= BD_MAKE_VERSION(0, 2, 0) */
#define BD_MAKE_VERSION(major, minor, patch) (1000000 * (major) + 1000 * (minor) + (patch))
#define BD_VERSION BD_MAKE_VERSION(BD_VERSION_MAJOR, BD_VERSION_MINOR, BD_VERSION_PATCH)

/* Version of the library that is linked, as "MAJOR.MINOR.PATCH". Static storage. */
BD_API const char *bd_version(void);
/* The same, as BD_VERSION. */
BD_API int bd_version_number(void);

/* ---- results --------------------------------------------------------------------------------------------------- */

/* Numbers are part of the ABI: 1xx the caller, 2xx memory, 3xx files and their data, 4xx the device. */
typedef enum bd_result {
    BD_OK = 0,
    BD_ERR_INVALID_ARGUMENT = 100,
    BD_ERR_UNSUPPORTED = 101,
    BD_ERR_CANCELLED = 102, /* by bd_session_cancel, or by a progress hook that returned false */
    BD_ERR_TIMEOUT = 103,   /* not done yet */
    BD_ERR_OUT_OF_MEMORY = 200,
    BD_ERR_OUT_OF_DEVICE_MEMORY = 201,
    BD_ERR_FILE_NOT_FOUND = 300,
    BD_ERR_FILE_READ = 301,
    BD_ERR_FILE_WRITE = 302,
    BD_ERR_FILE_FORMAT = 303,  /* not a form that is read here */
    BD_ERR_FILE_CORRUPT = 304, /* the right form, but broken or truncated */
    BD_ERR_IMAGE_TOO_LARGE = 305,
    BD_ERR_MODEL_UNSUPPORTED = 306, /* sound, but an operation or a shape is not supported */
    BD_ERR_NO_VULKAN = 400,
    BD_ERR_NO_DEVICE = 401,
    BD_ERR_DEVICE_LOST = 402, /* sticky: the engine is of no further use */
    BD_ERR_DEVICE = 403
} bd_result;

/* The name of a result, such as "BD_ERR_FILE_READ". Static storage; never NULL. */
BD_API const char *bd_result_name(bd_result result);

typedef struct bd_error {
    bd_result code;
    char message[500]; /* one line, UTF-8, no full stop */
} bd_error;

/* ---- hooks ------------------------------------------------------------------------------------------------------ */

/* Host allocation. All three functions or none; must be callable from any thread that calls the library, and from several
 * at once where several call it. */
typedef struct bd_allocator {
    void *user;
    void *(*allocate)(void *user, size_t bytes);
    void *(*reallocate)(void *user, void *memory, size_t bytes);
    void (*release)(void *user, void *memory);
} bd_allocator;

typedef enum bd_log_level { BD_LOG_ERROR = 0, BD_LOG_WARNING = 1, BD_LOG_INFO = 2, BD_LOG_DEBUG = 3 } bd_log_level;

typedef void (*bd_log_fn)(void *user, bd_log_level level, const char *message);

/* How far a call is: `done` of `total` parts of a stage ("replace", "matte", "segment", "fp32", ...), 0 of them at its
 * beginning. Returns whether to go on; false makes the call fail with BD_ERR_CANCELLED. From the thread of the call,
 * which must not call the session or tuner again from here, but for bd_session_cancel. */
typedef bool (*bd_progress_fn)(void *user, const char *stage, uint32_t done, uint32_t total);

#ifdef __cplusplus
}
#endif

#endif
