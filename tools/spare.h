/* SPDX-License-Identifier: MIT
 * Tuning while a series reads and writes files. */
#ifndef BACKDROP_CLI_SPARE_H
#define BACKDROP_CLI_SPARE_H

#include "network.h"
#include "platform/thread.h"

typedef struct cli_spare {
    float share;     /* percent of the series' time that it may wait for the tuning */
    bool forced;     /* on software devices, too */
    bool started;    /* it was of use, and the thread ran */
    double begun_ms; /* the series; set by the caller */
    double waited_ms;
    bd_tuner *tuner; /* NULL: no thread runs */
    bd_thread thread;
    bd_mutex mutex;
    bd_condition changed;
    bool lent, busy, stop;
    bd_tuner_state state;
    bool failed;
    bd_error error;
} cli_spare;

/* --tune-share */
bool cli_spare_parse(cli *run, cli_spare *spare);
/* Begins where tuning is of use; the engine is the caller's until it is lent. spare stays where it is until stop. */
void cli_spare_start(cli *run, const cli_network *network, cli_spare *spare);
/* The caller leaves the engine alone until it takes it back, which waits for the step under way. Lends nothing while
 * more than the share was waited for. */
void cli_spare_lend(cli_spare *spare);
void cli_spare_take(cli_spare *spare);
/* Waits for the step under way at most. */
void cli_spare_stop(cli_spare *spare);
/* What was done, on stderr and under root. */
void cli_spare_say(cli *run, const cli_spare *spare);
void cli_spare_json(struct cJSON *root, const cli_spare *spare);

#endif
