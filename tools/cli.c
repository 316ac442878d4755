/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "platform/clock.h"
#include "platform/message.h"

double cli_now_ms(void) {
    return bd_now_ms();
}

static void keep_message(cli *run, const char *format, ...) BD_PRINTF(2, 3);
static void keep_message(cli *run, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(run->error.message, sizeof run->error.message, format, arguments);
    va_end(arguments);
}

bool cli_fail(cli *run, cli_status status, const char *format, ...) {
    run->status = status;
    va_list arguments;
    va_start(arguments, format);
    bd_message_write(run->error.message, sizeof run->error.message, format, arguments);
    va_end(arguments);
    return false;
}

bool cli_failed_with(cli *run, const char *photo) {
    char message[sizeof run->error.message];
    memcpy(message, run->error.message, sizeof message);
    keep_message(run, "%s: %s", cli_input_name(photo), message);
    cli_failed(run);
    if (run->error.code == BD_ERR_OUT_OF_DEVICE_MEMORY) {
        run->status = CLI_TOO_LARGE;
    }
    return false;
}

bool cli_failed(cli *run) {
    switch (run->error.code) {
    case BD_OK:
    case BD_ERR_INVALID_ARGUMENT: run->status = CLI_USAGE; break;
    case BD_ERR_OUT_OF_MEMORY:
    case BD_ERR_OUT_OF_DEVICE_MEMORY: run->status = CLI_OUT_OF_MEMORY; break;
    case BD_ERR_FILE_NOT_FOUND:
    case BD_ERR_FILE_READ: run->status = CLI_UNREADABLE; break;
    case BD_ERR_FILE_WRITE: run->status = CLI_UNWRITABLE; break;
    case BD_ERR_FILE_FORMAT:
    case BD_ERR_FILE_CORRUPT: run->status = CLI_NOT_AN_IMAGE; break;
    case BD_ERR_IMAGE_TOO_LARGE: run->status = CLI_TOO_LARGE; break;
    case BD_ERR_MODEL_UNSUPPORTED: run->status = CLI_MODEL; break;
    case BD_ERR_UNSUPPORTED: /* by this device, whatever another one can */
    case BD_ERR_NO_VULKAN:
    case BD_ERR_NO_DEVICE: run->status = CLI_NO_DEVICE; break;
    case BD_ERR_CANCELLED:
    case BD_ERR_TIMEOUT:
    case BD_ERR_DEVICE_LOST:
    case BD_ERR_DEVICE: run->status = CLI_DEVICE_FAILED; break;
    }
    return false;
}

bool cli_failed_to_fit(cli *run) {
    cli_failed(run);
    if (run->error.code == BD_ERR_OUT_OF_DEVICE_MEMORY || run->error.code == BD_ERR_IMAGE_TOO_LARGE) {
        run->status = run->options.size || run->options.tta ? CLI_TOO_LARGE : CLI_MODEL;
    }
    return false;
}

bool cli_failed_to_encode(cli *run, const char *path) {
    static const char *const names[] = {"image: ", "animation: "}; /* by which the library knows what has no path */
    char message[sizeof run->error.message];
    memcpy(message, run->error.message, sizeof message);
    const char *told = message;
    for (size_t i = 0; i < CLI_COUNT(names) && told == message; i++) {
        told += strncmp(message, names[i], strlen(names[i])) ? 0 : strlen(names[i]);
    }
    keep_message(run, "%s: %s", cli_is_dash(path) ? "standard output" : path, told);
    cli_failed(run);
    if (run->error.code == BD_ERR_UNSUPPORTED) {
        run->status = CLI_UNWRITABLE;
    }
    return false;
}

void cli_add_timing(cli *run, const char *name, double started_ms) {
    uint32_t i = 0;
    while (i < run->timing_count && (run->timings[i].device || strcmp(run->timings[i].name, name) != 0)) {
        i++;
    }
    if (i == CLI_COUNT(run->timings)) {
        return;
    }
    if (i == run->timing_count) {
        run->timings[run->timing_count++] = (bd_timing){.ms = 0};
        (void)snprintf(run->timings[i].name, sizeof run->timings[i].name, "%s", name);
    }
    run->timings[i].ms += cli_now_ms() - started_ms;
}

bool cli_is_dash(const char *path) {
    return path && !strcmp(path, "-");
}

const char *cli_input_name(const char *path) {
    return cli_is_dash(path) ? "standard input" : path;
}

bool cli_join(cli_path *path, const char *a, const char *b, const char *c, const char *d) {
    int length = snprintf(path->text, sizeof path->text, "%s%s%s%s", a, b, c, d);
    return length >= 0 && (size_t)length < sizeof path->text;
}
