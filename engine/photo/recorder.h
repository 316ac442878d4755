/* SPDX-License-Identifier: MIT
 * What the files that record a frame's work after the network share. */
#ifndef BD_RECORD_H
#define BD_RECORD_H

#include "api/session.h"

bd_vk_buffer *bd_held(bd_session *session, bd_matte_buffer buffer);
void bd_bind(bd_vk_dispatch *dispatch, uint32_t slot, const bd_vk_buffer *buffer, VkDeviceSize offset,
             VkDeviceSize bytes);
/* Of pictures as the frame has them, of 8 or 16 bits. */
void bd_deepen(const bd_session *session, bd_vk_dispatch *dispatch);
/* A dispatch and a barrier into session->after. */
bd_result bd_run(bd_session *session, const bd_vk_dispatch *dispatch, bd_error *error);
/* Rows of a picture of w x h pixels that one dispatch may take, a multiple of both 64 and unit, so that bands begin
 * where bindings may. */
uint32_t bd_band(const bd_session *session, uint32_t w, uint32_t h, uint32_t unit);

#endif
