/* SPDX-License-Identifier: MIT */
#include "photo/source.h"

#include "push/picture_convert.h"

typedef struct convert_plan {
    bd_slot src, dst;
    uint32_t from, from_premultiplied, from_opaque, to, to_premultiplied;
} convert_plan;
BD_PLAN_OF_WORDS(convert_plan, 7);

static void record_convert(bd_recorder *to, const void *plan) {
    const convert_plan *p = plan;
    const bd_size size = bd_recorder_size(to, p->src);
    const bd_pixel_form source = {p->from, p->from_premultiplied, p->from_opaque};
    const bd_pixel_form target = {p->to, p->to_premultiplied, false};
    /* Either side may have twice the bytes of what bands are made for. */
    for (bd_band band = bd_bands(to, (bd_size){2 * size.w, size.h}, 1); band.rows; bd_band_next(&band)) {
        bd_vk_dispatch dispatch;
        bd_kernel_picture_convert(to->vk, source, target, size.w, band.rows, &dispatch);
        bd_bind_rows(to, &dispatch, BD_BIND_SRC, p->src, band.first, band.rows);
        bd_bind_rows(to, &dispatch, BD_BIND_DST, p->dst, band.first, band.rows);
        bd_recorder_dispatch(to, &dispatch);
    }
}

static void add_convert(bd_recipe *recipe, bd_slot src, bd_pixel_form from, bd_slot dst, bd_pixel_form to) {
    const convert_plan plan = {.src = src,
                               .dst = dst,
                               .from = from.form,
                               .from_premultiplied = from.premultiplied,
                               .from_opaque = from.opaque,
                               .to = to.form,
                               .to_premultiplied = to.premultiplied};
    bd_recipe_pass(recipe, record_convert, &plan, sizeof plan);
    bd_recipe_reads(recipe, src);
    bd_recipe_writes(recipe, dst);
    bd_recipe_stamp(recipe, "convert");
}

static bool is_same(bd_pixel_form a, bd_pixel_form b) {
    return a.form == b.form && a.premultiplied == b.premultiplied && a.opaque == b.opaque;
}

static bd_slot_kind kind_of(bd_pixel_form form) {
    return form.form >= BD_FORM_RGBA16 ? BD_SLOT_PICTURE16 : BD_SLOT_PICTURE;
}

static bd_pixel_form form_of(bd_slot_kind kind, bool premultiplied) {
    return (bd_pixel_form){kind == BD_SLOT_PICTURE16 ? BD_FORM_RGBA16 : BD_FORM_RGBA8, premultiplied, false};
}

bd_slot bd_source_add(bd_recipe *recipe, bd_exchange *exchange, bd_image_role role, bd_slot_kind kind,
                      bool premultiplied) {
    bd_shared_image *image = &exchange->images[role];
    const bd_size size = {image->at.width, image->at.height};
    const char *name = role == BD_IMAGE_PHOTO ? "photo" : "background";
    const bd_pixel_form wanted = form_of(kind, premultiplied);
    image->row_texels = 0;
    if (is_same(image->form, wanted)) {
        image->slot = bd_recipe_enter(recipe, name, kind, size);
        return image->slot;
    }
    image->slot = bd_recipe_enter(recipe, "image", kind_of(image->form), size);
    const bd_slot converted = bd_recipe_slot(recipe, name, kind, size);
    add_convert(recipe, image->slot, image->form, converted, wanted);
    return converted;
}

static bd_slot add_result(bd_recipe *recipe, bd_pixel_form form, bd_slot picture) {
    const bd_pixel_form own = form_of(bd_recipe_kind(recipe, picture), false);
    if (is_same(form, own)) {
        return picture;
    }
    const bd_slot converted = bd_recipe_slot(recipe, "image", kind_of(form), bd_recipe_size(recipe, picture));
    add_convert(recipe, picture, own, converted, form);
    return converted;
}

void bd_sink_add(bd_recipe *recipe, bd_exchange *exchange, bd_image_role role, bd_slot slot) {
    bd_shared_image *image = &exchange->images[role];
    image->slot = role == BD_IMAGE_MATTE ? slot : add_result(recipe, image->form, slot);
    image->row_texels = role == BD_IMAGE_MATTE ? (image->at.width + 3) / 4 * 4 : 0;
    bd_recipe_leave(recipe, image->slot);
}

static bd_result begin(bd_vk *vk, bd_vk_commands *commands, bd_error *error) {
    bd_result result = commands->pool ? BD_OK : bd_vk_commands_init(vk, commands, 0, error);
    return result ? result : bd_vk_commands_begin(commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, error);
}

bd_result bd_exchange_record(const bd_exchange *exchange, bd_vk *vk, const bd_vk_binding *slots, bd_vk_commands *before,
                             bd_vk_commands *after, bd_error *error) {
    bd_result result = begin(vk, before, error);
    if (!result) {
        result = begin(vk, after, error);
    }
    if (result) {
        return result;
    }
    /* Photos before this one may still use the memory; the recipe's own first barrier stands behind the copies. */
    bd_vk_commands_barrier(before);
    bd_vk_commands_barrier(after);
    for (uint32_t role = 0; role < BD_IMAGE_ROLES; role++) {
        const bd_shared_image *image = &exchange->images[role];
        if (image->given && role < BD_IMAGE_RESULT) {
            bd_vk_image_read(before, &image->at, &slots[image->slot], image->row_texels);
        } else if (image->given) {
            bd_vk_image_write(after, &image->at, &slots[image->slot], image->row_texels);
        }
    }
    result = bd_vk_commands_end(before, error);
    return result ? result : bd_vk_commands_end(after, error);
}
