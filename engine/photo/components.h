/* SPDX-License-Identifier: MIT
 * The shape of a matte: which parts of the coarse mask stay, holes, and where its edges run. */
#ifndef BD_SHAPE_H
#define BD_SHAPE_H

#include "photo/matte_plan.h"

/* Checks what shapes a matte of a photo of that size. */
bd_result bd_shape_check(const bd_matte_params *params, bd_matte_size photo, bd_error *error);

/* Makes room; coarse is the size of the plane that bd_shape_record_parts will see. */
bd_result bd_shape_reserve(struct bd_session *session, const bd_matte_plan *plan, bd_matte_size coarse,
                           bd_error *error);

/* Records: the coarse decision, a plane of that size over the whole photo, loses the parts that are not kept and its
 * holes. Its nodes are block photo pixels apart; 0: as many as its size says. */
bd_result bd_shape_record_parts(struct bd_session *session, const bd_matte_plan *plan, const bd_vk_buffer *plane,
                                bd_matte_size size, uint32_t block, bd_error *error);

/* Records: the edges of session->mask are moved and softened. */
bd_result bd_shape_record_edges(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

/* With BD_KEEP_POINT a frame's result of so many bytes is followed by a word that says whether there was foreground at
 * the point: the bytes with it, its recording, and what it comes to when the result is there. */
VkDeviceSize bd_shape_result_bytes(const bd_matte_params *params, VkDeviceSize bytes);
void bd_shape_record_found(struct bd_session *session, const bd_matte_params *params, VkDeviceSize bytes);
bd_result bd_shape_check_found(const bd_matte_params *params, const void *result, VkDeviceSize bytes, bd_error *error);

#endif
