/* SPDX-License-Identifier: MIT */
#include "network/tuned_kernels.h"

#include <math.h>
#include <string.h>

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

static const bd_kernel_choice *find_named(const bd_kernel_choice *list, uint32_t count, const bd_tuning_entry *entry) {
    for (uint32_t i = 0; i < count && entry; i++) {
        if (!strcmp(list[i].name, entry->name)) {
            return &list[i];
        }
    }
    return NULL;
}

bool bd_tuning_choice(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, uint32_t node,
                      bd_precision precision, bd_kernel_choice *choice) {
    char signature[BD_TUNING_SIGNATURE_BYTES];
    bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    bd_tuning_signature(graph, node, precision, signature);
    const bd_tuning_entry *entry = bd_tuning_find(tuning, signature);
    uint32_t count = entry ? bd_kernel_candidates(vk, graph, node, precision, found, BD_COUNT(found)) : 0;
    const bd_kernel_choice *measured = find_named(found, count, entry);
    if (measured) {
        *choice = *measured;
    }
    return measured != NULL;
}

void bd_tuning_choose(const bd_tuning *tuning, const bd_vk *vk, const bd_graph *graph, bd_precision precision,
                      bool many, bd_kernel_choice *choices) {
    bd_kernel_defaults(vk, graph, precision, true, choices);
    for (uint32_t n = 0; n < graph->count && tuning->count; n++) {
        bd_kernel_choice measured, probed;
        if (bd_tuning_choice(tuning, vk, graph, n, precision, &measured) &&
            (many || measured.family != BD_KERNEL_FAMILY_FLAT ||
             bd_kernel_probed_default(vk, graph, n, precision, &probed))) {
            choices[n] = measured;
        }
    }
}

/* ---- settling ---------------------------------------------------------------------------------------------------- */

/* The default against the candidates of a family; what is wrong or not timed never wins. */
static bd_result settle_node(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, uint32_t node,
                             const bd_kernel_choice *list, uint32_t count, bd_kernel_family family,
                             const char *signature, bd_error *error) {
    enum { RUNS = 3 };
    bd_kernel_choice tried[BD_KERNEL_MOST_CANDIDATES];
    bd_kernel_verdict verdicts[BD_KERNEL_MOST_CANDIDATES];
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!i || list[i].family == family) {
            tried[found++] = list[i];
        }
    }
    bd_result result = bd_kernel_trial(vk, graph, node, tried, found, RUNS, INFINITY, verdicts, error);
    if (result) {
        return result;
    }
    uint32_t best = 0;
    double least = verdicts[0].ms;
    for (uint32_t i = 1; i < found; i++) {
        if (verdicts[i].correct && verdicts[i].ms > 0 && verdicts[i].ms < least) {
            best = i;
            least = verdicts[i].ms;
        }
    }
    return least > 0 ? bd_tuning_put(tuning, signature, tried[best].name, least * 1e3, error) : BD_OK;
}

bd_result bd_tuning_settle(bd_tuning *tuning, bd_vk *vk, const bd_graph *graph, bd_precision precision,
                           bd_kernel_family family, bd_error *error) {
    uint32_t before = tuning->count;
    for (uint32_t n = 0; n < graph->count; n++) {
        char signature[BD_TUNING_SIGNATURE_BYTES];
        bd_kernel_choice list[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, precision, list, BD_COUNT(list)), of_family = 0;
        for (uint32_t i = 1; i < count; i++) {
            of_family += list[i].family == family;
        }
        bd_tuning_signature(graph, n, precision, signature);
        if (of_family && !find_named(list, count, bd_tuning_find(tuning, signature))) {
            bd_result result = settle_node(tuning, vk, graph, n, list, count, family, signature, error);
            if (result) {
                return result;
            }
        }
    }
    bd_error unsaved;
    if (tuning->count > before && bd_tuning_save(tuning, &unsaved)) {
        bd_vk_log(vk, BD_LOG_WARNING, "%s", unsaved.message);
    }
    return BD_OK;
}
