/* SPDX-License-Identifier: MIT
 * Model, device and session together. */
#ifndef BACKDROP_CLI_NETWORK_H
#define BACKDROP_CLI_NETWORK_H

#include "model.h"
#include "platform/thread.h"

typedef struct cli_network {
    cli_model model;
    bd_engine *engine;
    bd_session *session;
    bd_device_info device;
    cli_model sizes[6]; /* the same model at other sizes, for --tta */
    uint32_t size_count;
    bool flip;
    bd_seen seen;     /* in the last photo; see seen.c */
    bool choose;      /* --class auto; see seen.c */
    bd_key_color key; /* in the last photo; see key.c */
    /* Opening the device, which takes a thread of its own. */
    bool opening;
    bd_thread thread;
    cli_path cache;
    bd_engine_params engine_params;
    bd_result opened;
    bd_error open_error;
} cli_network;

const char *cli_precision_name(bd_precision precision);
/* Begins to open the device while the caller reads files. network must stay where it is; zeroed before. */
void cli_network_begin(cli *run, cli_network *network);
/* The device alone. */
bool cli_network_device(cli *run, cli_network *network);
/* The device and the session; the model is open already. */
bool cli_network_start(cli *run, cli_network *network);
void cli_network_close(cli_network *network);
void cli_engine_params(cli *run, bd_engine_params *params);
/* Appends the stages of the session's last call. */
void cli_add_session_timings(cli *run, const cli_network *network);

#endif
