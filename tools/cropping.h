/* SPDX-License-Identifier: MIT
 * --crop: what is written is cut to the subject and a margin around it. */
#ifndef BACKDROP_CLI_CROPPING_H
#define BACKDROP_CLI_CROPPING_H

#include "cli.h"

struct cJSON;

typedef struct cli_cropping {
    bool wanted, percent;
    float margin;
    uint32_t size[2];             /* of the photo, and what follows likewise x and y */
    uint32_t first[2], last[2];   /* of the subject's pixels */
    bool found;                   /* false: there is no subject, and nothing is cut */
    uint32_t x, y, width, height; /* of what stays */
} cli_cropping;

bool cli_cropping_parse(cli *run, cli_cropping *cropping);
/* Looks for the subject in mattes of the photo's size, of all frames of an animation: from what was parsed, what each
 * shows, and then what is to be cut; says so when there is no subject. */
void cli_cropping_see(cli_cropping *cropping, const bd_image *alpha);
void cli_cropping_settle(cli *run, cli_cropping *cropping, const char *photo);
/* In one matte, whatever was seen before. */
void cli_cropping_find(cli *run, cli_cropping *cropping, const bd_image *alpha, const char *photo);
/* As cli_cropping_see with the matte of the result that the session returned last, which was made with want_alpha. */
bool cli_cropping_see_result(cli *run, cli_cropping *cropping, const bd_session *session, const char *photo);
/* What stays of an image of the photo's size: its pixels are those of image, which is to be released, not this. */
bd_image cli_cropping_view(const cli_cropping *cropping, const bd_image *image);
/* "crop", where something was cut, for the object of what is written. */
void cli_cropping_json(struct cJSON *object, const cli_cropping *cropping);

#endif
