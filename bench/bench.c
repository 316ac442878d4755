/* SPDX-License-Identifier: MIT
 * backdrop-bench: times the network, its kernels, the start of a process and whole photos, and holds what comes out
 * against what others say. Nothing is timed before its result was found right; the input is a picture, never zeros. */
#include "compare.h"
#include "e2e.h"
#include "frames.h"
#include "kernels.h"
#include "matte.h"
#include "matte_options.h"
#include "miou.h"
#include "network.h"
#include "sheet.h"
#include "start.h"

#include <math.h>
#include <string.h>

enum { NETWORK, KERNELS, START, E2E, FRAMES, SERVE, COMPARE, MATTE, SHEET, MIOU, VERBS };

static const option_verb verbs[VERBS] = {
    [NETWORK] = {"network", NULL, 0, 0, "the whole, and each dispatch by the device's clock, warm; sessions take turns",
                 NULL},
    [KERNELS] = {"kernels", NULL, 0, 0,
                 "every kernel at every shape of the network, for each kernel set and precision the device runs", NULL},
    [START] = {"start", NULL, 0, 0,
               "process start to first dispatch and first result, with empty caches and with full ones", NULL},
    [E2E] = {"e2e", NULL, 0, 0, "decode, replace, encode: made photos of several sizes, or two given files", NULL},
    [FRAMES] = {"frames", NULL, 0, 0,
                "a stream of frames: CPU time of the calling thread, allocations, memory over time", BENCH_FRAMES_HELP},
    [SERVE] =
        {"serve", NULL, 0, 0, "checks, then runs the network once for every line that comes in, for programs in turn",
         "One line of JSON says what it serves, then each line of standard input but \"quit\" is answered by one.\n"},
    [COMPARE] = {"compare", "REFERENCE_DIR", 1, 1, "logits, labels and classic composites against stored ones",
                 "REFERENCE_DIR holds NAME.logits.npy, NAME.labels.png, NAME.classic.png, or some of them.\n"},
    [MATTE] =
        {"matte", "FOLDER", 1, 1,
         "scores mattes against true ones: SAD / 1000, MSE * 1000, Grad / 1000, Conn / 1000; or against masks",
         "FOLDER holds NAME.photo.png and NAME.alpha.png, and may hold NAME.foreground.png, for colours.\n"
         "Columns: the four scores, then each as a share of hard's.\n"
         "With --masks, at the mask's size and as means over photos:\n"
         "  IoU, pooled  of alpha at .5, and that of all photos' pixels together\n"
         "  bf2, bf8     boundary F = 2PR / (P + R) within 2 pixels, and within 0.8 % of the diagonal; an edge is the "
         "pixels\n"
         "               outside a mask with one of their four neighbours in it\n"
         "  ghost, lost  of the interior (the mask eroded by 1.2 % of the diagonal): pixels with alpha in .05 to .95;\n"
         "               alpha that is missing; both in %\n"
         "  stray        alpha beyond the mask dilated by as much, in % of the mask's area\n"
         "  SAD          sum of absolute differences / 1000\n"},
    [SHEET] = {"sheet", "PHOTO...", 1, OPTION_MOST_OPERANDS, "contact sheets of what the library makes of photos",
               NULL},
    [MIOU] = {"miou", "FOLDER", 1, 1,
              "intersection over union of each class on labelled photos, as the VOC devkit takes it",
              "FOLDER has VOC's layout (JPEGImages, SegmentationClass), or photos NAME.jpg and label maps NAME.png.\n"},
};
static bool (*const runs[VERBS])(bench *b) = {
    [NETWORK] = bench_network, [KERNELS] = bench_kernels, [START] = bench_start,     [E2E] = bench_e2e,
    [FRAMES] = bench_frames,   [SERVE] = bench_serve,     [COMPARE] = bench_compare, [MATTE] = bench_matte,
    [SHEET] = bench_sheet,     [MIOU] = bench_miou};

#define V(verb) (1u << (verb))
#define AT(member) offsetof(bench_arguments, member)
enum { EVERY = V(VERBS) - 1, TIMED = V(NETWORK) | V(KERNELS) | V(START) | V(E2E) };

static const option options[] = {
    {"--runs", OPTION_WHOLE, TIMED, AT(runs), "N", 1, BENCH_MOST_RUNS, "how often each is timed"},
    {"--reference", OPTION_TEXT, V(NETWORK) | V(KERNELS) | V(SERVE), AT(reference), "DIR", 0, 0,
     "NAME.logits.npy with its picture; default: stored ones of the default network, else another kernel set"},
    {"--csv", OPTION_TEXT, V(NETWORK) | V(KERNELS), AT(csv), "FILE", 0, 0, "the table as a file"},
    {"--dump", OPTION_TEXT, V(SERVE), AT(dump), "DIR", 0, 0, "leaves input and logits there"},
    {"--megapixels", OPTION_TEXT, V(E2E), AT(megapixels), "LIST", 0, 0, "sizes of made photos: 12,48,1920x1080"},
    {"--photo", OPTION_TEXT, V(E2E), AT(photo), "FILE", 0, 0, "this photo, with --background"},
    {"--background", OPTION_TEXT, V(E2E), AT(background), "FILE", 0, 0, "the picture behind --photo"},

    {"--frame-size", OPTION_TEXT, V(FRAMES), AT(frame_size), "WxH", 0, 0, "of the largest frames"},
    {"--frames", OPTION_WHOLE, V(FRAMES), AT(frames), "N", 1, 1000000, "of each path"},
    {"--path", OPTION_WORD, V(FRAMES), AT(path), BENCH_FRAME_PATHS, 0, 0,
     "images on the device, pictures in the host's memory, or one after the other"},
    {"--vary", OPTION_WHOLE, V(FRAMES), AT(vary), "N", 1, BENCH_FRAME_SETS,
     "sizes and sets of parameters that take turns; the library keeps 4"},
    {"--in-flight", OPTION_WHOLE, V(FRAMES), AT(in_flight), "N", 1, 8, "frames on their way at once"},
    {"--coarse", OPTION_FLAG, V(FRAMES), AT(coarse), NULL, 0, 0,
     "probabilities of the host's take the network's place, which does not run"},
    {"--soft", OPTION_FLAG, V(FRAMES), AT(soft), NULL, 0, 0,
     "all mattes soft and all colours the photo's, which slow devices do more often"},

    {"--list", OPTION_TEXT, V(COMPARE), AT(list), "FILE", 0, 0,
     "lines of NAME PHOTO [BACKGROUND]; default REFERENCE_DIR/list.txt"},
    {"--root", OPTION_TEXT, V(COMPARE), AT(root), "DIR", 0, 0,
     "what the list's paths start from; default REFERENCE_DIR"},
    {"--logits-tolerance", OPTION_REAL, V(COMPARE), AT(logits_tolerance), "X", 0, INFINITY, "largest error of a logit"},
    {"--labels-share", OPTION_REAL, V(COMPARE), AT(labels_share), "X", 0, 1, "least share of equal labels"},
    {"--composite-tolerance", OPTION_WHOLE, V(COMPARE), AT(composite_tolerance), "N", 0, 255,
     "largest difference of a byte where labels agree"},

    {"--simulate", OPTION_WORD, V(MATTE), AT(simulate), BENCH_MATTE_SIMULATED, 0, 0,
     "masks from the true alpha, not the network's"},
    {"--trimap", OPTION_WHOLE, V(MATTE), AT(trimap_px), "PX", 1, 1000,
     "refine and best get a trimap: unknown within PX of what is neither all foreground nor all background; alone it "
     "takes the network's place, with --simulate it joins"},
    {"--modes", OPTION_LIST, V(MATTE), AT(modes), BENCH_MATTE_MODES, 0, 0, "these alone; with alphas hard, too"},
    {"--mode", OPTION_LIST, V(MATTE), AT(modes), BENCH_MATTE_MODES, 0, 0, "the same"},
    {"--masks", OPTION_TEXT, V(MATTE), AT(masks), "MASKS", 0, 0,
     "FOLDER holds photos NAME.jpg or .png, and this folder binary masks NAME.png, on which they are scored"},
    {"--mattes", OPTION_TEXT, V(MATTE), AT(mattes), "DIR", 0, 0,
     "with --masks: scores these, NAME.png, whoever made them, and needs no device"},
    {"--save-mattes", OPTION_TEXT, V(MATTE), AT(save_mattes), "DIR", 0, 0,
     "with --masks: writes them as DIR/MODE/NAME.png, of 16 bits"},
    {"--sheet", OPTION_TEXT, V(MATTE), AT(sheet), "DIR", 0, 0,
     "with --masks: photo, mask, matte and composite of the ten worst by IoU, as DIR/worst-MODE.png"},
    {"--every", OPTION_WHOLE, V(MATTE), AT(every), "N", 1, 1000000, "one of N photos of the sorted list"},
    {"--from", OPTION_WHOLE, V(MATTE), AT(from), "I", 0, 1000000, "the first of them; the list starts at 0"},
    /* What sets a member of bd_matte_params: a row here is all it takes. */
    {"--keep", OPTION_WORD, V(MATTE), AT(matte.keep), BENCH_MATTE_KEEPS, 0, 0,
     "connected parts of the foreground that stay; not in hard, as the next ones"},
    {"--islands", OPTION_SHARE, V(MATTE), AT(matte.island_share), "PERCENT", 0, 100,
     "parts below this share of the largest one are dropped; default the library's"},
    {"--fill-holes", OPTION_FLAG, V(MATTE), AT(matte.fill_holes), NULL, 0, 0,
     "background that the foreground encloses joins it"},
    {"--rule", OPTION_WORD, V(MATTE), AT(matte.rule), BENCH_MATTE_RULES, 0, 0,
     "whether the network's answer is first made to be whole bodies; hard: off"},
    {"--bias", OPTION_FLOAT, V(MATTE), AT(matte.bias), "B", -20, 20, "of the rule; 0: the library's"},
    {"--sizes", OPTION_TEXT, V(MATTE), AT(sizes), "N,N", 0, 0,
     "more sizes that the network sees every photo at, 6 at most; the command's best: 1025"},
    {"--looks", OPTION_WHOLE, V(MATTE), AT(matte.looks), "N", 0, 2, "how often the network looks; 0: the library's"},

    {"--out", OPTION_NEED, V(SHEET), AT(out), "FOLDER|FILE", 0, 0, "where to; a FILE ends in .png or .jpg"},
    {"--background", OPTION_TEXT, V(SHEET), AT(background), "PICTURE", 0, 0, "what scene and classic put the photo on"},
    {"--tiles", OPTION_LIST, V(SHEET), AT(tiles), BENCH_TILES, 0, 0,
     "what a sheet shows; default all but soft, and but the last three without --background"},
    {"--width", OPTION_WHOLE, V(SHEET), AT(width), "PX", 1, 4096, "of a tile"},
    {"--columns", OPTION_WHOLE, V(SHEET), AT(columns), "N", 1, OPTION_MOST_LISTED, "tiles in a row"},
    {"--blur", OPTION_REAL, V(SHEET), AT(blur), "SIGMA", 0.001, 10000, "of the blurred background, in photo pixels"},

    {"--nearest", OPTION_FLAG, V(MIOU), AT(nearest), NULL, 0, 0,
     "labels at the network's size, enlarged by nearest neighbour, as the tutorial's would be; default: logits "
     "interpolated at the photo's size"},

    {"--json", OPTION_FILE, EVERY & ~(V(SERVE) | V(SHEET)), AT(json), "[FILE]", 0, 0,
     "without FILE: one JSON object on standard output and nothing else"},
    {"--model", OPTION_TEXT, EVERY, AT(model), "M", 0, 0,
     "a file, or a folder of weights/cache; default deeplabv3_mnv2_pascal"},
    {"--size", OPTION_WHOLE, EVERY, AT(size), "S", 1, 8192, "side of the input; default the model's, or 513"},
    {"--device", OPTION_TEXT, EVERY, AT(device), "D", 0, 0, "number or part of a name; default the best one"},
    {"--kernels", OPTION_TEXT, EVERY, AT(kernels), "SET", 0, 0, "default the device's"},
    {"--precision", OPTION_WORD, EVERY, AT(precision), "auto|fp32|fp16|fast16", 0, 0, "of the network"},
    {"--quantised", OPTION_WORD, EVERY, AT(quantised), "integer|float", 0, 0, "how quantised models run"},
    {"--cache-dir", OPTION_TEXT, EVERY, AT(cache_dir), "DIR", 0, 0, "pipelines and tuning; default none"},
    {"--single", OPTION_FLAG, EVERY, AT(single), NULL, 0, 0, "sessions for one photo, not for many"},
    {"--validation", OPTION_FLAG, EVERY, AT(validation), NULL, 0, 0, "the validation layer; what it says is a failure"},
};

static const option_program program = {.name = "backdrop-bench",
                                       .statuses = "0 fine, 1 failed or wrong, 2 usage, 3 this device cannot do that",
                                       .verbs = verbs,
                                       .options = options,
                                       .verb_count = VERBS,
                                       .option_count = sizeof options / sizeof *options,
                                       .operands = AT(operands)};

int main(int argc, char **argv) {
    bench b = {.a = {.runs = 10,
                     .megapixels = "0.26,3,12,48",
                     .logits_tolerance = 1e-3,
                     .labels_share = 0.9999,
                     .every = 1,
                     .frame_size = "1280x720",
                     .frames = 200,
                     .vary = 1,
                     .width = 480,
                     .columns = 4,
                     .blur = 8},
               .argv = argv};
    uint32_t verb;
    int status = options_read(&program, argc, argv, &verb, &b.a);
    if (status != OPTIONS_READ) {
        return status;
    }
    b.text = b.a.json && !strcmp(b.a.json, "-") ? NULL : stdout;
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* whoever stops this program halfway keeps what it said */
    bool ok = runs[verb](&b);
    uint32_t messages = b.engine ? bd_engine_validation_messages(b.engine) : 0;
    if (messages) {
        (void)fprintf(stderr, "%u validation messages\n", messages);
        ok = false;
    }
    bench_close(&b);
    return ok ? 0 : b.failure == BD_ERR_UNSUPPORTED ? 3 : 1;
}
