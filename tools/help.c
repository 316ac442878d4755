/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "help.h"

static const char overview[] = "usage: backdrop [replace] PHOTO BACKGROUND -o OUT [options]\n"
                               "       backdrop matte PHOTO -o ALPHA.png [options]\n"
                               "       backdrop segment PHOTO [options]\n"
                               "       backdrop devices [--json]\n"
                               "       backdrop models [list | info [NAME|PATH] | verify [NAME]] [--json]\n"
                               "       backdrop tune [options]\n"
                               "\n"
                               "Replaces the background of a photo, with DeepLabv3 on any Vulkan device.\n"
                               "\n"
                               "  replace     a photo's background by a picture, a colour, nothing or a blur\n"
                               "  matte       how much of every pixel belongs to the foreground, as a PNG\n"
                               "  segment     labels every pixel: label map, overlay, logits, figures\n"
                               "  devices     lists the Vulkan devices\n"
                               "  models      lists the models and whether their weights are there\n"
                               "  tune        finds the fastest kernels for this device and keeps them\n"
                               "\n"
                               "  -h, --help  help; of a verb: backdrop VERB --help\n"
                               "  --version   the version\n";

#define MATTE_OPTIONS                                                                                                  \
    "  --matte HOW         how the network's coarse mask is enlarged: hard, soft, refine (default: guided by the\n"    \
    "                      photo's colours) or best (refine and a closed-form solution where that is in doubt)\n"      \
    "  --coarse FILE       probabilities in the network's place: a PNG of 8 or 16 bits or .npy of any size, whose\n"   \
    "                      corner pixels' middles lie on the photo's\n"                                                \
    "  --trimap FILE       a picture of the photo's size: black is background, white is foreground, any grey unknown " \
    "and\n"                                                                                                            \
    "                      settled by colours, or by --coarse; the network is not asked. --matte refine or best "      \
    "(then\n"                                                                                                          \
    "                      the default)\n"                                                                             \
    "  --matte-in FILE     a finished matte of the photo's size in the network's place\n"                              \
    "  --keep WHAT         which connected parts of the foreground stay: all (default), largest, or point=X,Y, the\n"  \
    "                      one at that pixel of the upright photo\n"                                                   \
    "  --islands PERCENT   drop parts smaller than that of the largest one's area (default: 1; of --coarse and\n"      \
    "                      --matte-in: 0, which keeps all)\n"                                                          \
    "  --fill-holes        background that the foreground encloses becomes foreground\n"                               \
    "  --shrink PX         move the matte's edges inwards, by pixels of the photo, fractions too\n"                    \
    "  --grow PX           move them outwards\n"                                                                       \
    "  --feather PX        then soften them: a hard edge rises from 5 to 95 percent within PX pixels\n"

static const char matte[] =
    "usage: backdrop matte PHOTO -o ALPHA.png [options]\n"
    "\n"
    "PHOTO (or --coarse, --trimap, --matte-in) and ALPHA.png may be - for standard input and output.\n"
    "\n"
    "  -o, --output FILE   the matte: a grey PNG of the photo's size, white where the foreground is\n"
    "  --class LIST        foreground classes, as for replace (default: person)\n"
    "  --depth BITS        8 (default) or 16\n" MATTE_OPTIONS;

static const char replace[] =
    "usage: backdrop [replace] PHOTO BACKGROUND -o OUT [options]\n"
    "       backdrop [replace] PHOTO (--color COLOR | --transparent | --blur SIGMA) -o OUT [options]\n"
    "       backdrop [replace] PHOTO... --background BACKGROUND --output-dir DIR [options]\n"
    "\n"
    "One of the inputs may be - for standard input, OUT may be - for standard output.\n"
    "\n"
    "  -o, --output OUT    the result, PNG or JPEG by its extension (transparency becomes white in JPEG; a PNG has\n"
    "                      16 bits where PHOTO or BACKGROUND is one of 16 bits); the old file stays when anything\n"
    "                      fails\n"
    "  --output-dir DIR    for several photos: DIR/NAME.png of each (with --format jpeg NAME.jpg); DIR is made when\n"
    "                      missing; files are read and written while the device works; a photo that fails has its\n"
    "                      line, the others go on, and the exit status is the first failure's\n"
    "  --no-tune           with --output-dir: do not tune kernels meanwhile, for the next run, on a GPU that was not\n"
    "                      tuned; else from the eighth photo on files' reading and writing is used for that\n"
    "  --tune-share PERCENT  of the run's time that may be waited for it (default: 3); given, it tunes software "
    "devices,\n"
    "                      too\n"
    "  --background FILE   the background, when it does not follow PHOTO\n"
    "  --class LIST        foreground classes by name or number, such as person,dog or 15; all: every one but the\n"
    "                      background (default: person)\n" MATTE_OPTIONS
    "  --matte-out FILE    writes the matte too, as PNG\n"
    "  --depth BITS        of that PNG: 8 (default) or 16\n"
    "  --blend HOW         linear (default): in light; srgb: in sRGB's numbers, as the tutorial does\n"
    "  --foreground HOW    the subject's own colours under semi-transparent pixels: multilevel (default); blur, "
    "quicker\n"
    "                      and less exact; off: the old background's light stays\n"
    "  --fit HOW           how BACKGROUND meets the photo's size: cover (default), contain, stretch or tile\n"
    "  --gravity WHERE     the part of BACKGROUND that stays in view: center, north, northeast, ... northwest, or\n"
    "                      X%,Y% (default: center; with --fit tile: northwest)\n"
    "  --blur-background SIGMA  BACKGROUND out of focus; SIGMA in pixels of the photo\n"
    "  --harmonize HOW     the subject's colours follow BACKGROUND's: off (default), mean (exposure and white balance) "
    "or\n"
    "                      full (contrast and colourfulness, too), each within bounds\n"
    "  --light-wrap PX     light of BACKGROUND or --color spills over the subject's edge, blurred by PX pixels\n"
    "  --color COLOR       a background colour, '#rrggbb', '#rgb', '#rrggbbaa' or a plain name such as white; with "
    "--fit\n"
    "                      contain: what is left free\n"
    "                      around BACKGROUND (default: black)\n"
    "  --transparent       no background\n"
    "  --blur SIGMA        the photo's own background, blurred; SIGMA in pixels of the photo\n"
    "  --classic           as the tutorial does, byte for byte: at 513 pixels, with a hard mask, 8 bits, EXIF\n"
    "                      orientation ignored\n"
    "  -Q, --quality N     JPEG quality, 1 to 100 (default: 92)\n"
    "  --format FORMAT     png or jpeg, whatever OUT is called\n";

static const char segment[] =
    "usage: backdrop segment PHOTO [options]\n"
    "\n"
    "PHOTO and one of the files may be - for standard input and output. Prints the classes that were found.\n"
    "\n"
    "  --labels FILE       indexed PNG: index = class, in Pascal VOC's colours, at the size the network saw\n"
    "  --photo-size        labels at the photo's size instead\n"
    "  --overlay FILE      the photo with the classes' colours over it and a legend below, PNG or JPEG\n"
    "  --logits FILE       .npy, float32 (h, w, classes), of the padded input, before upsampling\n"
    "  --classic           ignore EXIF orientation, as the tutorial does\n"
    "  -Q, --quality N     JPEG quality of the overlay, 1 to 100 (default: 92)\n"
    "  --format FORMAT     png or jpeg, whatever the overlay is called\n";

static const char network_classes[] =
    "  --class-names NAMES voc, ade20k, cityscapes, person, or a file with a name a line (default: by how many there\n"
    "                      are)\n"
    "  --tta LIST          averages several looks at the photo: flip, mirrored; factors of the network's size, such "
    "as\n"
    "                      flip,0.75,1.25\n";

static const char network[] =
    "  --model NAME|PATH   a model of `backdrop models`, or an exported network: .pb, .tflite, .onnx, .pth,\n"
    "                      .safetensors, model.json, or a folder with one of these\n"
    "  --size N|WxH        side, or width and height, of the network's input (default: as exported)\n"
    "  --device INDEX|NAME a device of `backdrop devices`, by number or part of its name\n"
    "  --precision WHAT    of the network's tensors: fp32, fp16 or auto (default); fast16 multiplies in fp16, too:\n"
    "                      quicker on some GPUs, up to 0.5 % of the labels differ\n"
    "  --quantised WHAT    how .tflite files of 8 bits run: integer, with TensorFlow Lite's very labels (default), or\n"
    "                      float, a little quicker\n"
    "  --output-stride N   8 or 16, of .pth and .safetensors, which do not tell (default: by the file's name, such as\n"
    "                      model_os8.pth, else as its trainer does)\n"
    "  --kernels SET       for developers: a set of kernels, storage, texel or wide8\n";

static const char devices[] = "usage: backdrop devices [options]\n"
                              "\n"
                              "Lists the Vulkan devices. * marks the default.\n"
                              "\n";

static const char models[] =
    "usage: backdrop models [list] [options]\n"
    "       backdrop models info [NAME|PATH] [options]\n"
    "       backdrop models verify [NAME] [options]\n"
    "\n"
    "list: the models of weights/manifest.json and whether they are fetched; info: what a model is made of; verify:\n"
    "whether the fetched files are those of the manifest, by SHA-256.\n"
    "The folder of the manifest is $BACKDROP_WEIGHTS, or weights beside the program or above it, or\n"
    "$XDG_DATA_HOME/backdrop, or /usr/share/backdrop.\n"
    "\n"
    "  --size N|WxH        info: side, or width and height, of the network's input (default: as exported)\n"
    "  --quantised WHAT    info: integer or float, of .tflite files of 8 bits (default: integer)\n"
    "  --output-stride N   info: 8 or 16, of .pth and .safetensors\n";

static const char model_names[] =
    "  --class-names NAMES info: voc, ade20k, cityscapes, person, or a file with a name a line\n";

static const char tune[] =
    "usage: backdrop tune [options]\n"
    "\n"
    "Times every kernel that can compute a part of the network on the device, checks each, and keeps the fastest in\n"
    "$XDG_CACHE_HOME/backdrop. Seconds on a GPU. Without it the choices are good guesses, and `replace --output-dir`\n"
    "does it meanwhile, step by step and over several runs if need be.\n"
    "\n";

static const char verbose[] = "  -v, --verbose       device, driver and times on standard error\n";

static const char common[] =
    "  --json              one JSON object on standard output; with --output-dir it has one for each photo, with what\n"
    "                      failed under \"error\"\n"
    "  -q, --quiet         no progress, no notes\n";

static const char statuses[] =
    "\n"
    "exit status: 0 done, 2 usage, 3 a file cannot be read, 4 not a picture or a broken one,\n"
    "             5 picture or --size too large, 6 model missing, broken or not supported,\n"
    "             7 output cannot be written, 8 no Vulkan or no such device,\n"
    "             9 the device failed, 10 out of memory\n";

const char *cli_verb_name(cli_verb verb) {
    static const char *const names[CLI_VERB_COUNT] = {"replace", "segment", "devices", "models", "tune", "matte"};
    return names[verb];
}

void cli_print_help(const cli_options *options) {
    static const char *const texts[CLI_VERB_COUNT] = {replace, segment, devices, models, tune, matte};
    if (!options->verb_given) {
        printf("%s%s", overview, statuses);
        return;
    }
    bool names_classes = options->verb == CLI_REPLACE || options->verb == CLI_SEGMENT || options->verb == CLI_MATTE;
    bool runs_network = names_classes || options->verb == CLI_TUNE;
    const char *more = names_classes ? network_classes : options->verb == CLI_MODELS ? model_names : "";
    printf("%s%s%s%s%s%s", texts[options->verb], runs_network ? network : "", more, runs_network ? verbose : "", common,
           statuses);
}
