/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_JSON_H
#define BACKDROP_CLI_JSON_H

struct cJSON;

/* A string of valid UTF-8 (RFC 3629): what is none in text, such as a name of bytes of another encoding, becomes U+FFFD, each
 * byte of it. NULL: "". Returns NULL when there is no memory. */
struct cJSON *cli_json_string(const char *text);
/* The same as a member of object, which may be NULL. */
void cli_json_text(struct cJSON *object, const char *key, const char *text);

#endif
