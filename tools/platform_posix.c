/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"

bool cli_platform_start(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    return true;
}

bool cli_is_terminal(FILE *stream) {
    return isatty(fileno(stream));
}

static void (*before_signal)(void);
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void end(int number) {
    before_signal();
    signal(number, SIG_DFL);
    raise(number);
}

void cli_before_signal(void (*act)(void)) {
    before_signal = act;
    for (size_t i = 0; i < CLI_COUNT(ending); i++) {
        struct sigaction before;
        if (!sigaction(ending[i], NULL, &before) && before.sa_handler == SIG_DFL) {
            struct sigaction action = {.sa_handler = end};
            sigaction(ending[i], &action, NULL);
        }
    }
}

void cli_hold_signals(bool hold) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < CLI_COUNT(ending); i++) {
        sigaddset(&set, ending[i]);
    }
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

FILE *cli_open_file(const char *path) {
    return fopen(path, "rb");
}

bool cli_is_there(const char *path) {
    struct stat status;
    return !lstat(path, &status);
}

bool cli_identify(const char *path, cli_file_id *id) {
    struct stat status;
    bool there = !stat(path, &status);
    if (there) {
        *id = (cli_file_id){(uint64_t)status.st_dev, (uint64_t)status.st_ino};
    }
    return there;
}

bool cli_may_write_in(const char *folder) {
    return !access(folder, W_OK | X_OK);
}

bool cli_list_folder(const char *folder, void (*each)(void *user, const char *name), void *user) {
    DIR *directory = opendir(folder);
    if (!directory) {
        return false;
    }
    errno = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        each(user, entry->d_name);
        errno = 0;
    }
    int failure = errno; /* else the names' end */
    (void)closedir(directory);
    errno = failure;
    return !failure;
}
