/* SPDX-License-Identifier: MIT
 * What the network saw: the classes on a grid as fine as its own answer, behind a frame's result. */
#include <math.h>

#include "api/session.h"

static uint32_t points_along(const bd_network *network, int axis, uint32_t resized) {
    double step = (double)network->logits_shape.dims[axis] / (double)network->preprocess.shape.dims[axis];
    return (uint32_t)BD_MAX(lround(resized * step), 1);
}

VkDeviceSize bd_seen_plan(bd_session *session, uint32_t w, uint32_t h, VkDeviceSize bytes) {
    session->seen_w = points_along(&session->network, 2, w);
    session->seen_h = points_along(&session->network, 1, h);
    session->seen_at = (bytes + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
    return session->seen_at + bd_labels_bytes(session->seen_w, session->seen_h);
}

bd_result bd_seen_record(bd_session *session, uint32_t w, uint32_t h, bd_error *error) {
    return bd_session_record_labels(session, w, h, session->seen_w, session->seen_h, session->seen_at, error);
}

void bd_seen_take(bd_session *session, const void *result) {
    session->seen = (bd_seen){0};
    if (!session->seen_w) {
        return;
    }
    const uint8_t *row = (const uint8_t *)result + session->seen_at;
    for (uint32_t y = 0; y < session->seen_h; y++, row += bd_labels_bytes(session->seen_w, 1)) {
        for (uint32_t x = 0; x < session->seen_w; x++) {
            session->seen.points_of_class[row[x]]++;
        }
    }
    session->seen.points = (uint64_t)session->seen_w * session->seen_h;
    session->seen.class_count = (uint32_t)session->network.logits_shape.dims[3];
}

void bd_session_seen(const bd_session *session, bd_seen *seen) {
    *seen = session->seen;
}
