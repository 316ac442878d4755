// SPDX-License-Identifier: MIT
// Where the crop lies, by push/crop.h. The includer has a reader `words` of push/rule.h's buffer, and the sizes of photo,
// nodes, net and cell among its push constants.
#ifndef BD_CROP_GLSL
#define BD_CROP_GLSL

struct bd_crop {
    vec2 corner; // in photo pixels, from the photo's
    float scale; // photo pixels of one of the crop's
    bool taken;
};

bd_crop bd_crop_of_box() {
    const uvec4 box = uvec4(words(BD_BOX_LEFT), words(BD_BOX_TOP), words(BD_BOX_RIGHT), words(BD_BOX_BOTTOM));
    const vec2 photo = vec2(push.photo_w, push.photo_h), net = vec2(push.net_w, push.net_h);
    const vec2 pitch = (photo - 1.0) / max(vec2(push.nodes_w, push.nodes_h) - 1.0, vec2(1.0));
    const bool found = box.x <= box.z && box.y <= box.w;
    const vec2 low = vec2(box.xy) * pitch + 0.5, high = vec2(box.zw) * pitch + 0.5;
    const vec2 size = high - low;
    const vec2 grown = size + 2.0 * BD_CROP_GROWTH * max(size.x, size.y);
    const float scale = max(max(grown.x / net.x, grown.y / net.y), 1e-3);
    const float whole = max(photo.x / net.x, photo.y / net.y);
    const vec2 corner = clamp(0.5 * (low + high) - 0.5 * scale * net, vec2(0.0), max(photo - scale * net, vec2(0.0)));
    return bd_crop(corner, scale, found && whole >= BD_CROP_GAIN * scale);
}

// How much a larger look at the whole photo counts, 0 .. 1. alone: no crop is looked at.
float bd_larger_share(bool alone) {
    const float area = float(words(BD_BOX_AREA)), edge = float(words(BD_BOX_EDGE));
    const float cells = area * push.cell / max(edge, 1e-3);
    const float thin = clamp((BD_LARGER_THICK - cells) / (BD_LARGER_THICK - BD_LARGER_THIN), 0.0, 1.0);
    return alone || !bd_crop_of_box().taken ? thin : 0.0;
}

#endif
