/* SPDX-License-Identifier: MIT
 * Checks of callers' parameters. */
#ifndef BD_CHECK_H
#define BD_CHECK_H

#include "base/base.h"

/* what: "photo" or the like, for the message. */
bd_result bd_check_picture(const bd_image *image, const char *what, bd_error *error);
/* background is NULL or a picture as params say. */
bd_result bd_check_replace(const bd_image *photo, const bd_image *background, const bd_replace_params *params,
                           bd_error *error);
/* The same of params alone. */
bd_result bd_check_replace_params(const bd_replace_params *params, bd_error *error);

#endif
