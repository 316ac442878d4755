/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "backdrop.h"
#include "options.h"

#define R (1u << CLI_REPLACE)
#define S (1u << CLI_SEGMENT)
#define D (1u << CLI_DEVICES)
#define M (1u << CLI_MODELS)
#define T (1u << CLI_TUNE)
#define A (1u << CLI_MATTE)

/* ---- what values there are ---- */

#define IS_ONE_OF "is {choices}, not '{value}'"
#define IS_NOT_ONE_OF "{value} is not {choices}"
#define IS_FROM_TO "is a number of {unit} from {low} to {high}, not '{value}'"
#define IS_ABOVE "takes a number of {unit} above {low} and up to {high}, not '{value}'"

#define ROW(word, value) {word, value},
static const cli_choice fits[] = {BD_WORDS_FIT(ROW){0}};
static const cli_choice foregrounds[] = {BD_WORDS_FOREGROUND(ROW){0}};
static const cli_choice blends[] = {BD_WORDS_BLEND(ROW){0}};
static const cli_choice harmonies[] = {BD_WORDS_HARMONIZE(ROW){0}};
static const cli_choice mattes[] = {BD_WORDS_MATTE(ROW){0}};
static const cli_choice rules[] = {BD_WORDS_RULE(ROW){0}};
static const cli_choice look_counts[] = {{"auto", 0}, {"1", 1}, {"2", 2}, {0}};
static const cli_choice guide_blurs[] = {BD_WORDS_GUIDE_BLUR(ROW){0}};
static const cli_choice parts[] = {BD_WORDS_KEEP(ROW){0}};
static const cli_choice keys[] = {{"auto", BD_KEY_AUTO}, {0}};
static const cli_choice shadows[] = {BD_WORDS_KEY_SHADOW(ROW){0}};
static const cli_choice partners[] = {{"network", true}, {0}};
static const cli_choice formats[] = {{"png", BD_IMAGE_FILE_PNG},
                                     {"jpeg", BD_IMAGE_FILE_JPEG},
                                     {"webp", BD_IMAGE_FILE_WEBP},
                                     {"tiff", BD_IMAGE_FILE_TIFF},
                                     {"avif", BD_IMAGE_FILE_AVIF},
                                     {"gif", BD_IMAGE_FILE_GIF},
                                     {0}};
static const cli_choice matte_formats[] = {{"png", BD_IMAGE_FILE_PNG}, {"tiff", BD_IMAGE_FILE_TIFF}, {0}};
static const cli_choice more_formats[] = {{"jpg", BD_IMAGE_FILE_JPEG}, {"tif", BD_IMAGE_FILE_TIFF}, {0}};
static const cli_choice depths[] = {{"8", 8}, {"16", 16}, {0}};
static const cli_choice precisions[] = {BD_WORDS_PRECISION(ROW){0}};
static const cli_choice arithmetics[] = {BD_WORDS_QUANTISED(ROW){0}};
static const cli_choice ranges[] = {BD_WORDS_INPUT_RANGE(ROW){0}};
static const cli_choice orders[] = {BD_WORDS_CHANNELS(ROW){0}};
static const cli_choice strides[] = {{"8", 8}, {"16", 16}, {0}};

static const cli_choice clashes[] = {
    {"number", CLI_CLASH_NUMBER}, {"fail", CLI_CLASH_FAIL}, {"skip", CLI_CLASH_SKIP}, {0}};

static const cli_kind flag = {.type = CLI_FLAG}, any_text = {.type = CLI_TEXT},
                      name_part = {.type = CLI_TEXT, .dashed = true}, file_in = {.type = CLI_FILE_IN},
                      file_out = {.type = CLI_FILE_OUT}, folder_out = {.type = CLI_FOLDER_OUT},
                      png_out = {.type = CLI_FILE_OUT, .endings = ".png"},
                      matte_file_out = {.type = CLI_FILE_OUT, .endings = ".png .tif .tiff"},
                      npy_out = {.type = CLI_FILE_OUT, .endings = ".npy"};
static const cli_kind fit = {.type = CLI_CHOICE, .choices = fits, .fallback = "cover", .miss = IS_ONE_OF};
static const cli_kind foreground = {
    .type = CLI_CHOICE, .choices = foregrounds, .fallback = "multilevel", .miss = IS_ONE_OF};
static const cli_kind blend = {.type = CLI_CHOICE, .choices = blends, .fallback = "linear", .miss = IS_ONE_OF};
static const cli_kind harmonize = {.type = CLI_CHOICE, .choices = harmonies, .fallback = "off", .miss = IS_ONE_OF};
/* No default: --trimap has another one. */
static const cli_kind matte = {.type = CLI_CHOICE, .choices = mattes, .miss = IS_ONE_OF};
static const cli_kind rule = {.type = CLI_CHOICE, .choices = rules, .fallback = "on", .miss = IS_ONE_OF};
static const cli_kind look_count = {.type = CLI_CHOICE, .choices = look_counts, .fallback = "auto", .miss = IS_ONE_OF};
static const cli_kind bias = {.type = CLI_NUMBER, .low = -20, .high = 20, .unit = "log-odds", .miss = IS_FROM_TO};
static const cli_kind guide_blur = {.type = CLI_CHOICE, .choices = guide_blurs, .fallback = "auto", .miss = IS_ONE_OF};
static const cli_kind format = {
    .type = CLI_CHOICE, .choices = formats, .unsaid = more_formats, .any_case = true, .miss = IS_ONE_OF};
static const cli_kind matte_format = {
    .type = CLI_CHOICE, .choices = matte_formats, .unsaid = more_formats + 1, .any_case = true, .miss = IS_ONE_OF};
static const cli_kind precision = {
    .type = CLI_CHOICE, .choices = precisions, .fallback = "auto", .miss = IS_NOT_ONE_OF};
static const cli_kind quantised = {
    .type = CLI_CHOICE, .choices = arithmetics, .fallback = "integer", .miss = IS_NOT_ONE_OF};
static const cli_kind input_range = {.type = CLI_SCALING,
                                     .choices = ranges,
                                     .low = -1000,
                                     .high = 1000,
                                     .fallback = "auto",
                                     .miss = "is {choices}, or MEAN/STD in units of 0..1, such as "
                                             "0.5,0.5,0.5/0.5,0.5,0.5, not '{value}'"};
static const cli_kind channels = {.type = CLI_CHOICE, .choices = orders, .fallback = "rgb", .miss = IS_ONE_OF};
static const cli_kind output_stride = {.type = CLI_CHOICE, .choices = strides, .miss = "{start} is not {choices}"};
static const cli_kind depth = {
    .type = CLI_INTEGER, .choices = depths, .low = 8, .high = 16, .fallback = "8", .miss = IS_ONE_OF};
static const cli_kind quality = {
    .type = CLI_INTEGER, .low = 1, .high = 100, .miss = "is {low} to {high}, not '{value}'"}; /* a default each form */
static const cli_kind distance = {.type = CLI_NUMBER, .high = 1000, .unit = "pixels", .miss = IS_FROM_TO};
static const cli_kind sigma = {.type = CLI_NUMBER, .high = 10000, .above = true, .unit = "pixels", .miss = IS_ABOVE};
static const cli_kind reach = {.type = CLI_NUMBER, .high = 1000, .above = true, .unit = "pixels", .miss = IS_ABOVE};
/* No default: it depends on where the mask comes from. */
static const cli_kind island = {.type = CLI_NUMBER,
                                .high = 100,
                                .unit = "percent",
                                .miss = "is a share of the largest part from {low} to {high} {unit}, not '{value}'"};
static const cli_kind share = {.type = CLI_NUMBER, .high = 100, .unit = "percent", .fallback = "3", .miss = IS_FROM_TO};
static const cli_kind pixels = {.type = CLI_PIXELS,
                                .fallback = "200M",
                                .miss =
                                    "takes a number such as 50000000, 500K, 50M or 2G, 0 for no limit, not '{value}'"};
static const cli_kind size = {
    .type = CLI_SIZE, .low = 1, .high = 8192, .miss = "takes a number or WxH, each {low} to {high}, not '{start}'"};
static const cli_kind color = {
    .type = CLI_COLOR,
    .miss = "is '#rrggbb', '#rrggbbaa', 'rgb(r, g, b)' or a name of CSS such as white, not '{value}'"};
static const cli_kind place = {
    .type = CLI_PLACE, .high = 100, .miss = "is center, north, northeast, ... northwest or X%,Y%, not '{value}'"};
static const cli_kind part = {.type = CLI_PART,
                              .choices = parts,
                              .high = 1 << 24,
                              .unit = "pixels",
                              .fallback = "all",
                              .miss = "is all, largest or point=X,Y in {unit} of the photo, not '{value}'"};
static const cli_kind levels = {.type = CLI_LEVELS,
                                .high = 100,
                                .unit = "percent",
                                .miss = "takes LOW,HIGH in {unit}, the lower first, such as 10,90, not '{value}'"};
static const cli_kind margin = {.type = CLI_MARGIN,
                                .high = 10000,
                                .miss = "takes a margin of {low} to {high} pixels, or percent as in 5%, not '{value}'"};
static const cli_kind threshold = {.type = CLI_NUMBER, .high = 100, .above = true, .unit = "percent", .miss = IS_ABOVE};
static const cli_kind key = {.type = CLI_COLOR,
                             .choices = keys,
                             .miss = "is auto, '#rrggbb', 'rgb(r, g, b)' or a name of CSS such as lime, not '{value}'"};
static const cli_kind tolerance = {
    .type = CLI_NUMBER, .high = 100, .above = true, .unit = "percent", .fallback = "2.5", .miss = IS_ABOVE};
static const cli_kind softness = {
    .type = CLI_NUMBER, .high = 100, .above = true, .unit = "percent", .fallback = "6", .miss = IS_ABOVE};
static const cli_kind spill = {
    .type = CLI_NUMBER, .high = 100, .unit = "percent", .fallback = "100", .miss = IS_FROM_TO};
static const cli_kind shadow = {.type = CLI_CHOICE, .choices = shadows, .fallback = "drop", .miss = IS_ONE_OF};
static const cli_kind partner = {.type = CLI_CHOICE, .choices = partners, .miss = IS_ONE_OF};
static const cli_kind looks = {.type = CLI_LOOKS,
                               .low = 0.25f,
                               .high = 4,
                               .miss =
                                   "takes flip and factors of the size from {low} to {high}, such as flip,0.75,1.25"};
static const cli_kind on_clash = {.type = CLI_CHOICE, .choices = clashes, .fallback = "fail", .miss = IS_ONE_OF};
static const cli_kind shard = {.type = CLI_SHARD,
                               .low = 1,
                               .high = 10000,
                               .miss = "takes I/N, the I-th of N parts, {low} to {high}, such as 1/4, not '{value}'"};
static const cli_kind classes = {.type = CLI_CLASSES, .fallback = "person"};

/* ---- the rows ---- */

#define FLAG(name, letter, member, verbs, help)                                                                        \
    { name, letter, verbs, offsetof(cli_options, member), false, &flag, "", help }
#define TAKE(name, letter, member, verbs, kind, value, help)                                                           \
    { name, letter, verbs, offsetof(cli_options, member), false, &(kind), value, help }
#define SET(name, letter, member, verbs, kind, value, help)                                                            \
    { name, letter, verbs, offsetof(cli_options, member), true, &(kind), value, help }

static const cli_option rows[] = {
    FLAG("help", 'h', help, CLI_ANY_VERB, "help; of a verb: backdrop VERB --help"),
    FLAG("version", 0, version, CLI_ANY_VERB, "the version, and which forms of pictures this build reads and writes"),

    TAKE("output", 'o', output, R, file_out, "OUT",
         "the result, PNG, JPEG, WebP, TIFF, AVIF or GIF by its extension (transparency becomes white\n"
         "in JPEG; PNG and TIFF have 16 bits where PHOTO or BACKGROUND has); the old file stays when\n"
         "anything fails; without it standard output gets a PNG, where that is no terminal"),
    TAKE("output-dir", 0, output_dir, R, folder_out, "DIR",
         "for several photos, and folders of them: DIR/NAME.png of each (with --format jpeg NAME.jpg);\n"
         "DIR is made when missing; files are read and written while the device works; a photo that\n"
         "fails has its line, the others go on, and the exit status is the first failure's"),
    TAKE("output-dir", 0, output_dir, A, folder_out, "DIR",
         "for several photos, and folders of them: DIR/NAME.png of each (with --format tiff NAME.tif)"),
    TAKE("output-dir", 0, output_dir, S, folder_out, "DIR",
         "for several photos, and folders of them: the files' names, each with {name} in it, are in DIR"),
    FLAG("recursive", 0, recursive, R | S | A,
         "with --output-dir: the folders in a folder, too; DIR gets the same ones"),
    TAKE("suffix", 0, suffix, R | S | A, name_part, "TEXT", "with --output-dir: NAME is followed by TEXT"),
    FLAG("skip-existing", 0, skip_existing, R | S | A,
         "with --output-dir: photos whose results are there already are left alone"),
    TAKE("on-clash", 0, on_clash, R | S | A, on_clash, "WHAT",
         "with --output-dir, where two photos would have one name: {marked};\n"
         "number: NAME-jpg and NAME-png, or NAME-jpg-2, fail: nothing is done, skip: the first alone is done"),
    TAKE("shard", 0, shard, R | S | A, shard, "I/N",
         "with --output-dir: the I-th of N parts of the photos, which are the same everywhere"),
    FLAG("fail-empty", 0, fail_empty, R | A, "a photo without the subject fails, with status 11, and has no result"),
    FLAG("no-tune", 0, no_tune, R,
         "with --output-dir: do not tune kernels meanwhile, for the next run, on a GPU that was not\n"
         "tuned; else from the eighth photo on files' reading and writing is used for that"),
    TAKE("tune-share", 0, tune_share, R, share, "PERCENT",
         "of the run's time that may be waited for it (default: {default}); given, it tunes software devices,\n"
         "too"),
    TAKE("background", 0, background, R, file_in, "FILE",
         "the background, when it does not follow PHOTO; {name} in it stands for PHOTO's name without its\n"
         "ending"),
    TAKE("class", 0, classes, R, classes, "LIST",
         "foreground classes by name or number, such as person,dog or 15; all: every one but the\n"
         "background; auto: the person, else the largest one there is (default: {default})"),
    TAKE("output", 'o', output, A, matte_file_out, "ALPHA.png",
         "the matte: a grey PNG or TIFF of the photo's size, white where the foreground is; without it\n"
         "standard output gets a PNG, where that is no terminal"),
    TAKE("class", 0, classes, A, classes, "LIST", "foreground classes, as for replace (default: {default})"),
    TAKE("depth", 0, depth, A, depth, "BITS", "{marked}"),

    TAKE("matte", 0, matte, R | A, matte, "HOW",
         "how the network's coarse mask is enlarged: hard, soft, refine (default: guided by the\n"
         "photo's colours) or best (a look at twice the size where bodies are thin, and a closed form along the edge)"),
    SET("guide-blur", 0, matte_params.guide_blur, R | A, guide_blur, "HOW",
        "refine and best: against noise in PHOTO, its colours are blurred where they guide the matte,\n"
        "and only there: {marked}, by the noise that is measured, or never"),
    TAKE("coarse", 0, coarse, R | A, file_in, "FILE",
         "probabilities in the network's place: a PNG of 8 or 16 bits or .npy of any size, whose\n"
         "corner pixels' middles lie on the photo's"),
    TAKE("trimap", 0, trimap, R | A, file_in, "FILE",
         "a picture of the photo's size: black is background, white is foreground, any grey unknown and\n"
         "settled by colours, or by --coarse; the network is not asked. --matte refine or best (then\n"
         "the default)"),
    TAKE("matte-in", 0, matte_in, R | A, file_in, "FILE",
         "a finished matte of the photo's size in the network's place: grey, a cut-out with alpha, or a\n"
         "label map in Pascal VOC's colours, of which the classes of --class are foreground"),
    SET("rule", 0, matte_params.rule, R | A, rule, "WHAT",
        "whether the network's answer is first made to be whole bodies: {marked}"),
    SET("bias", 0, matte_params.bias, R | A, bias, "B",
        "more makes the foreground larger, less smaller, in log-odds (default: 0.5 for person, else 0)"),
    SET("looks", 0, matte_params.looks, R | A, look_count, "N",
        "how often the network looks: {marked}; 2: again at the part that holds the\n"
        "subject, where that shows it larger; auto: 2 on GPUs and for --matte best, else 1"),
    TAKE("key", 0, key, R | A, key, "auto|COLOR",
         "makes the matte from the colour of a uniform background, without the network: COLOR as for\n"
         "--color, or auto: what most of the photo's border has"),
    TAKE("key-tolerance", 0, key_tolerance, R | A, tolerance, "PERCENT",
         "of black's distance from white in Oklab: how far from the background's colour, in any light,\n"
         "all is background (default: {default})"),
    TAKE("key-softness", 0, key_softness, R | A, softness, "PERCENT",
         "how much farther all may be foreground (default: {default})"),
    TAKE("key-spill", 0, key_spill, R, spill, "PERCENT",
         "how much of the background's hue the subject loses (default: {default})"),
    SET("key-shadow", 0, matte_params.key_shadow, R | A, shadow, "HOW",
        "shadows on the background: drop (default), or keep, as black that is partly transparent"),
    TAKE("key-with", 0, key_with, R | A, partner, "network",
         "the network is asked, too: what it is sure not to be foreground goes, and what it is sure of\n"
         "stays whatever its colour"),
    TAKE("keep", 0, keep, R | A, part, "WHAT",
         "which connected parts of the foreground stay: all (default), largest, or point=X,Y, the\n"
         "one at that pixel of the upright photo"),
    TAKE("islands", 0, islands, R | A, island, "PERCENT",
         "drop parts smaller than that of the largest one's area (default: 10; with --rule\n"
         "off 1; of --coarse and --matte-in 0, which keeps all)"),
    FLAG("fill-holes", 0, matte_params.fill_holes, R | A, "background that the foreground encloses becomes foreground"),
    TAKE("levels", 0, levels, R | A, levels, "LOW,HIGH",
         "a harder matte: up to LOW percent becomes 0, from HIGH on 100"),
    TAKE("threshold", 0, threshold, R | A, threshold, "PERCENT", "a matte without grey: 100 from PERCENT on, else 0"),
    TAKE("shrink", 0, shrink, R | A, distance, "PX",
         "move the matte's edges inwards, by pixels of the photo, fractions too"),
    TAKE("grow", 0, grow, R | A, distance, "PX", "move them outwards"),
    SET("feather", 0, matte_params.feather_px, R | A, distance, "PX",
        "then soften them: a hard edge rises from 5 to 95 percent within PX pixels"),
    TAKE("matte-out", 0, matte_out, R, matte_file_out, "FILE", "writes the matte too, as PNG or TIFF"),

    SET("blend", 0, replace_params.blend, R, blend, "HOW",
        "linear (default): in light; srgb: in sRGB's numbers, as the tutorial does"),
    SET("foreground", 0, replace_params.foreground, R, foreground, "HOW",
        "the subject's own colours under semi-transparent pixels: multilevel (default); blur, quicker\n"
        "and less exact; off: the old background's light stays"),
    SET("fit", 0, replace_params.fit, R, fit, "HOW", "how BACKGROUND meets the photo's size: {marked}"),
    TAKE("gravity", 0, gravity, R, place, "WHERE",
         "the part of BACKGROUND that stays in view: center, north, northeast, ... northwest, or\n"
         "X%,Y% (default: center; with --fit tile: northwest)"),
    TAKE("blur-background", 0, blur_background, R, sigma, "SIGMA",
         "BACKGROUND out of focus; SIGMA in pixels of the photo"),
    SET("harmonize", 0, replace_params.harmonize, R, harmonize, "HOW",
        "the subject's colours follow BACKGROUND's: off (default), mean (exposure and white balance) or\n"
        "full (contrast and colourfulness, too), each within bounds"),
    SET("light-wrap", 0, replace_params.light_wrap_px, R, reach, "PX",
        "light of BACKGROUND or --color spills over the subject's edge, blurred by PX pixels"),
    TAKE("color", 0, color, R, color, "COLOR",
         "a background colour as CSS has them: '#rrggbb', '#rrggbbaa', a name such as white, or\n"
         "'rgb(r, g, b)'; with --fit contain: what is left free around BACKGROUND (default: black)"),
    FLAG("transparent", 0, transparent, R, "no background"),
    FLAG("keep-hidden", 0, replace_params.keep_hidden, R,
         "where nothing is seen (alpha 0) the colours of PHOTO, or of --color, stay in the file; else\n"
         "they become 0, so that nothing of the old background is in it, and the file is smaller"),
    TAKE("blur", 0, blur, R, sigma, "SIGMA", "the photo's own background, blurred; SIGMA in pixels of the photo"),

    TAKE("depth", 0, depth, R, depth, "BITS",
         "of what is written: 8, whatever PHOTO and BACKGROUND have; 16: that of --matte-out, too (default:\n"
         "the result has 16 where PHOTO or BACKGROUND has, and the matte 8)"),
    TAKE("crop", 0, crop, R | A, margin, "MARGIN",
         "what is written is cut to the subject and so much around it: pixels, or percent of the subject's\n"
         "longer side, as in 5%"),

    TAKE("labels", 0, labels, S, png_out, "FILE",
         "indexed PNG: index = class, in Pascal VOC's colours, at the size the network saw; with\n"
         "--output-dir, as for the next two, {name} in it stands for the photo's name"),
    FLAG("photo-size", 0, photo_size, S, "labels at the photo's size instead"),
    TAKE("overlay", 0, overlay, S, file_out, "FILE",
         "the photo with the classes' colours over it and a legend below, in any form of OUT's"),
    TAKE("logits", 0, logits, S, npy_out, "FILE",
         ".npy, float32 (h, w, classes), of the padded input, before upsampling"),

    FLAG("classic", 0, classic, R,
         "as the tutorial does, byte for byte: at 513 pixels, with a hard mask, 8 bits, EXIF\n"
         "orientation ignored"),
    FLAG("classic", 0, classic, S, "ignore EXIF orientation, as the tutorial does"),
    FLAG("strip", 0, strip, R,
         "without the photo's metadata; else EXIF (thumbnails left out, size and orientation made\n"
         "right), XMP, IPTC, pixels an inch and texts stay, but with --classic; the colour profile\n"
         "always stays"),
    FLAG("strict", 0, strict, R | S | A,
         "refuse pictures whose end is missing, even where all their pixels are there, which else is\n"
         "a note"),
    TAKE("quality", 'Q', quality, R | S, quality, "N",
         "of JPEG, WebP and AVIF, {low} to {high} (default: 92 of JPEG, 90 of WebP, 80 of AVIF)"),
    FLAG("lossless", 0, lossless, R | S,
         "WebP or AVIF without a loss, as PNG and TIFF always are; JPEG and GIF never are"),
    TAKE("format", 0, format, R, format, "FORMAT", "{choices}, whatever OUT is called"),
    TAKE("format", 0, format, A, matte_format, "FORMAT", "{choices}, whatever ALPHA.png is called"),
    TAKE("format", 0, format, S, format, "FORMAT", "{choices}, whatever the overlay is called"),

    TAKE("max-pixels", 0, max_pixels, R | S | A, pixels, "N",
         "no picture that is read may have more, which is said before it is decoded; 50000000 or 50M, 0 for\n"
         "no limit (default: {default})"),

    TAKE("model", 0, model, R | S | T | A, any_text, "NAME|PATH",
         "a model of `backdrop models`, or an exported network: .pb, .tflite, .onnx, .pth,\n"
         ".safetensors, model.json, or a folder with one of these"),
    TAKE("size", 0, size, R | S | T | A, size, "N|WxH",
         "side, or width and height, of the network's input (default: as exported)"),
    TAKE("size", 0, size, M, size, "N|WxH",
         "info: side, or width and height, of the network's input (default: as exported)"),
    TAKE("device", 0, device, R | S | T | A, any_text, "INDEX|NAME",
         "a device of `backdrop devices`, by number or part of its name"),
    TAKE("precision", 0, precision, R | S | T | A, precision, "WHAT",
         "of the network's tensors: fp32, fp16 or auto (default); fast16 multiplies in fp16, too:\n"
         "quicker on some GPUs, up to 0.5 % of the labels differ"),
    TAKE("quantised", 0, quantised, R | S | T | A, quantised, "WHAT",
         "how .tflite files of 8 bits run: integer, with TensorFlow Lite's very labels (default), or\n"
         "float, a little quicker"),
    TAKE("quantised", 0, quantised, M, quantised, "WHAT",
         "info: {choices}, of .tflite files of 8 bits (default: {default})"),
    TAKE("output-stride", 0, output_stride, R | S | T | A, output_stride, "N",
         "{choices}, of .pth and .safetensors, which do not tell (default: by the file's name, such as\n"
         "model_os8.pth, else as its trainer does)"),
    TAKE("output-stride", 0, output_stride, M, output_stride, "N", "info: {choices}, of .pth and .safetensors"),
    TAKE("input-range", 0, input_range, R | S | T | A, input_range, "RANGE",
         "what the network is fed: {choices}, or MEAN/STD of\n"
         "red, green, blue in units of 0..1, such as 0.5,0.5,0.5/0.5,0.5,0.5 (default: {default}, as the\n"
         "file says, else as its trainer does; see `backdrop models info`)"),
    TAKE("input-range", 0, input_range, M, input_range, "RANGE", "info: {choices}, or MEAN/STD (default: {default})"),
    TAKE("channels", 0, channels, R | S | T | A, channels, "ORDER",
         "of the network's input: {choices} (default: {default})"),
    TAKE("channels", 0, channels, M, channels, "ORDER", "info: {choices} (default: {default})"),
    FLAG("force", 0, force, R | S | T | M | A, "run a network of more than 10^14 multiply-adds, too"),
    TAKE("kernels", 0, kernels, R | S | T | A, any_text, "SET",
         "for developers: a set of kernels, storage, texel or wide8"),
    TAKE("class-names", 0, names, R | S | A, any_text, "NAMES",
         "voc, ade20k, cityscapes, person, or a file with a name a line (default: by how many there\n"
         "are)"),
    TAKE("class-names", 0, names, M, any_text, "NAMES",
         "info: voc, ade20k, cityscapes, person, or a file with a name a line"),
    TAKE("tta", 0, tta, R | S | A, looks, "LIST",
         "averages several looks at the photo: flip, mirrored; factors of the network's size, such as\n"
         "flip,0.75,1.25"),

    FLAG("verbose", 'v', verbose, R | S | T | A, "device, driver and times on standard error"),
    FLAG("json", 0, json, R | S | D | M | T | A,
         "one JSON object on standard output; with --output-dir a line with one for each photo when it is\n"
         "done, with what failed under \"error\", and one with the summary"),
    FLAG("quiet", 'q', quiet, R | S | D | M | T | A, "no progress, no notes"),
};

/* ---- reading them ---- */

enum { ROWS = sizeof rows / sizeof rows[0] };

const char *cli_verb_name(cli_verb verb) {
    static const char *const names[CLI_VERB_COUNT] = {"replace", "segment", "devices", "models", "tune", "matte"};
    return names[verb];
}

bool cli_verb_find(const char *name, cli_verb *verb) {
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        if (!strcmp(name, cli_verb_name((cli_verb)v))) {
            *verb = (cli_verb)v;
            return true;
        }
    }
    return false;
}

const cli_option *cli_option_rows(size_t *count) {
    *count = ROWS;
    return rows;
}

bool cli_option_takes(const cli_option *option, cli_verb verb) {
    return option->verbs >> verb & 1u;
}

const cli_option *cli_option_find(size_t member, cli_verb verb) {
    const cli_option *found = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].member == member && (!found || cli_option_takes(&rows[i], verb))) {
            found = &rows[i];
        }
    }
    return found;
}

/* Appends as much as fits. */
static void append(char *filled, size_t room, const char *added, size_t bytes) {
    size_t used = strlen(filled);
    bytes = bytes < room - used - 1 ? bytes : room - used - 1;
    memcpy(filled + used, added, bytes);
    filled[used + bytes] = '\0';
}

static void append_choices(const cli_kind *kind, bool mark, char *filled, size_t room) {
    for (const cli_choice *choice = kind->choices; choice->name; choice++) {
        const char *between = choice == kind->choices ? "" : choice[1].name ? ", " : " or ";
        append(filled, room, between, strlen(between));
        append(filled, room, choice->name, strlen(choice->name));
        if (mark && kind->fallback && !strcmp(choice->name, kind->fallback)) {
            append(filled, room, " (default)", 10);
        }
    }
}

/* What stands for a name in braces, of length bytes; number has room for one. */
static const char *meaning(const cli_kind *kind, const char *name, size_t length, const char *value, char number[32]) {
    if (!strncmp(name, "low", length) || !strncmp(name, "high", length)) {
        (void)snprintf(number, 32, "%g", (double)(*name == 'l' ? kind->low : kind->high));
        return number;
    }
    if (!strncmp(name, "name", length)) {
        return CLI_NAME;
    }
    return !strncmp(name, "unit", length) ? kind->unit : !strncmp(name, "default", length) ? kind->fallback : value;
}

void cli_option_fill(const cli_option *option, const char *text, const char *value, char *filled, size_t room) {
    enum { START = 40 };
    filled[0] = '\0';
    for (;;) {
        size_t plain = strcspn(text, "{");
        append(filled, room, text, plain);
        text += plain;
        if (!*text) {
            return;
        }
        const char *name = text + 1;
        size_t length = strcspn(name, "}");
        if (!strncmp(name, "choices", length) || !strncmp(name, "marked", length)) {
            append_choices(option->kind, *name == 'm', filled, room);
        } else {
            char number[32];
            const char *put = meaning(option->kind, name, length, value, number);
            size_t bytes = put ? strlen(put) : 0;
            append(filled, room, put, !strncmp(name, "start", length) && bytes > START ? START : bytes);
        }
        text = name + length + (name[length] == '}');
    }
}
