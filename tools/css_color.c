/* SPDX-License-Identifier: MIT
 * Colours as CSS writes them (CSS Color Module Level 4, 4 to 7 and the names of 6.1). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "css_color.h"
#include "platform/text.h"

static const struct {
    const char *name;
    uint32_t rgb;
} names[] = {{"aliceblue", 0xf0f8ff},
             {"antiquewhite", 0xfaebd7},
             {"aqua", 0x00ffff},
             {"aquamarine", 0x7fffd4},
             {"azure", 0xf0ffff},
             {"beige", 0xf5f5dc},
             {"bisque", 0xffe4c4},
             {"black", 0x000000},
             {"blanchedalmond", 0xffebcd},
             {"blue", 0x0000ff},
             {"blueviolet", 0x8a2be2},
             {"brown", 0xa52a2a},
             {"burlywood", 0xdeb887},
             {"cadetblue", 0x5f9ea0},
             {"chartreuse", 0x7fff00},
             {"chocolate", 0xd2691e},
             {"coral", 0xff7f50},
             {"cornflowerblue", 0x6495ed},
             {"cornsilk", 0xfff8dc},
             {"crimson", 0xdc143c},
             {"cyan", 0x00ffff},
             {"darkblue", 0x00008b},
             {"darkcyan", 0x008b8b},
             {"darkgoldenrod", 0xb8860b},
             {"darkgray", 0xa9a9a9},
             {"darkgreen", 0x006400},
             {"darkgrey", 0xa9a9a9},
             {"darkkhaki", 0xbdb76b},
             {"darkmagenta", 0x8b008b},
             {"darkolivegreen", 0x556b2f},
             {"darkorange", 0xff8c00},
             {"darkorchid", 0x9932cc},
             {"darkred", 0x8b0000},
             {"darksalmon", 0xe9967a},
             {"darkseagreen", 0x8fbc8f},
             {"darkslateblue", 0x483d8b},
             {"darkslategray", 0x2f4f4f},
             {"darkslategrey", 0x2f4f4f},
             {"darkturquoise", 0x00ced1},
             {"darkviolet", 0x9400d3},
             {"deeppink", 0xff1493},
             {"deepskyblue", 0x00bfff},
             {"dimgray", 0x696969},
             {"dimgrey", 0x696969},
             {"dodgerblue", 0x1e90ff},
             {"firebrick", 0xb22222},
             {"floralwhite", 0xfffaf0},
             {"forestgreen", 0x228b22},
             {"fuchsia", 0xff00ff},
             {"gainsboro", 0xdcdcdc},
             {"ghostwhite", 0xf8f8ff},
             {"gold", 0xffd700},
             {"goldenrod", 0xdaa520},
             {"gray", 0x808080},
             {"green", 0x008000},
             {"greenyellow", 0xadff2f},
             {"grey", 0x808080},
             {"honeydew", 0xf0fff0},
             {"hotpink", 0xff69b4},
             {"indianred", 0xcd5c5c},
             {"indigo", 0x4b0082},
             {"ivory", 0xfffff0},
             {"khaki", 0xf0e68c},
             {"lavender", 0xe6e6fa},
             {"lavenderblush", 0xfff0f5},
             {"lawngreen", 0x7cfc00},
             {"lemonchiffon", 0xfffacd},
             {"lightblue", 0xadd8e6},
             {"lightcoral", 0xf08080},
             {"lightcyan", 0xe0ffff},
             {"lightgoldenrodyellow", 0xfafad2},
             {"lightgray", 0xd3d3d3},
             {"lightgreen", 0x90ee90},
             {"lightgrey", 0xd3d3d3},
             {"lightpink", 0xffb6c1},
             {"lightsalmon", 0xffa07a},
             {"lightseagreen", 0x20b2aa},
             {"lightskyblue", 0x87cefa},
             {"lightslategray", 0x778899},
             {"lightslategrey", 0x778899},
             {"lightsteelblue", 0xb0c4de},
             {"lightyellow", 0xffffe0},
             {"lime", 0x00ff00},
             {"limegreen", 0x32cd32},
             {"linen", 0xfaf0e6},
             {"magenta", 0xff00ff},
             {"maroon", 0x800000},
             {"mediumaquamarine", 0x66cdaa},
             {"mediumblue", 0x0000cd},
             {"mediumorchid", 0xba55d3},
             {"mediumpurple", 0x9370db},
             {"mediumseagreen", 0x3cb371},
             {"mediumslateblue", 0x7b68ee},
             {"mediumspringgreen", 0x00fa9a},
             {"mediumturquoise", 0x48d1cc},
             {"mediumvioletred", 0xc71585},
             {"midnightblue", 0x191970},
             {"mintcream", 0xf5fffa},
             {"mistyrose", 0xffe4e1},
             {"moccasin", 0xffe4b5},
             {"navajowhite", 0xffdead},
             {"navy", 0x000080},
             {"oldlace", 0xfdf5e6},
             {"olive", 0x808000},
             {"olivedrab", 0x6b8e23},
             {"orange", 0xffa500},
             {"orangered", 0xff4500},
             {"orchid", 0xda70d6},
             {"palegoldenrod", 0xeee8aa},
             {"palegreen", 0x98fb98},
             {"paleturquoise", 0xafeeee},
             {"palevioletred", 0xdb7093},
             {"papayawhip", 0xffefd5},
             {"peachpuff", 0xffdab9},
             {"peru", 0xcd853f},
             {"pink", 0xffc0cb},
             {"plum", 0xdda0dd},
             {"powderblue", 0xb0e0e6},
             {"purple", 0x800080},
             {"rebeccapurple", 0x663399},
             {"red", 0xff0000},
             {"rosybrown", 0xbc8f8f},
             {"royalblue", 0x4169e1},
             {"saddlebrown", 0x8b4513},
             {"salmon", 0xfa8072},
             {"sandybrown", 0xf4a460},
             {"seagreen", 0x2e8b57},
             {"seashell", 0xfff5ee},
             {"sienna", 0xa0522d},
             {"silver", 0xc0c0c0},
             {"skyblue", 0x87ceeb},
             {"slateblue", 0x6a5acd},
             {"slategray", 0x708090},
             {"slategrey", 0x708090},
             {"snow", 0xfffafa},
             {"springgreen", 0x00ff7f},
             {"steelblue", 0x4682b4},
             {"tan", 0xd2b48c},
             {"teal", 0x008080},
             {"thistle", 0xd8bfd8},
             {"tomato", 0xff6347},
             {"turquoise", 0x40e0d0},
             {"violet", 0xee82ee},
             {"wheat", 0xf5deb3},
             {"white", 0xffffff},
             {"whitesmoke", 0xf5f5f5},
             {"yellow", 0xffff00},
             {"yellowgreen", 0x9acd32}};

static const char digits[] = "0123456789abcdefABCDEF";

static void set_rgb(uint32_t rgb, uint8_t rgba[4]) {
    for (int i = 0; i < 3; i++) {
        rgba[i] = (uint8_t)(rgb >> (16 - 8 * i));
    }
    rgba[3] = 255;
}

static bool parse_name(const char *text, uint8_t rgba[4]) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (bd_text_same(text, names[i].name)) {
            set_rgb(names[i].rgb, rgba);
            return true;
        }
    }
    if (bd_text_same(text, "transparent")) {
        memset(rgba, 0, 4);
        return true;
    }
    return false;
}

/* rgb, rgba, rrggbb or rrggbbaa; the # in front may be left out. */
static bool parse_hex(const char *text, uint8_t rgba[4]) {
    text += *text == '#';
    const size_t length = strlen(text), each = length < 6 ? 1 : 2;
    if ((length != 3 && length != 4 && length != 6 && length != 8) || strspn(text, digits) != length) {
        return false;
    }
    rgba[3] = 255;
    for (size_t i = 0; i < length / each; i++) {
        const char digit[3] = {text[i * each], text[i * each + each - 1], '\0'};
        rgba[i] = (uint8_t)strtoul(digit, NULL, 16);
    }
    return true;
}

typedef struct number {
    double value;
    bool percent;
} number;

static const char *skip_spaces(const char *text) {
    return text + strspn(text, " \t");
}

/* What stands between the brackets: "a b c", "a b c / d", "a, b, c" or "a, b, c, d". Returns how many there are, 0: it is
 * something else. */
static int parse_numbers(const char *text, number numbers[4]) {
    for (int i = 0; i < 4; i++) {
        char *end;
        text = skip_spaces(text);
        if (!*text || !strchr("+-.0123456789", *text)) {
            return 0;
        }
        numbers[i].value = strtod(text, &end);
        if (end == text || !isfinite(numbers[i].value)) {
            return 0;
        }
        numbers[i].percent = *end == '%';
        text = end + (*end == '%' ? 1 : bd_text_same_first(end, "deg", 3) ? 3 : 0);
        const char *after = skip_spaces(text);
        if (*after == ')') {
            return i >= 2 && !*skip_spaces(after + 1) ? i + 1 : 0;
        }
        bool divided = *after == ',' || (*after == '/' && i == 2);
        if (!divided && (after == text || i == 2)) {
            return 0;
        }
        text = after + divided;
    }
    return 0;
}

/* What lies outside is drawn in, as CSS has it. */
static uint8_t byte_of(double share) {
    return (uint8_t)floor(fmin(fmax(share, 0.0), 1.0) * 255.0 + 0.5);
}

static double share_of(number n, double whole) {
    return n.value / (n.percent ? 100.0 : whole);
}

/* 7.1: degrees, saturation and lightness. */
static void set_hsl(const number numbers[3], uint8_t rgba[4]) {
    double turn = fmod(numbers[0].value, 360.0);
    double saturation = fmin(fmax(numbers[1].value / 100.0, 0.0), 1.0);
    double lightness = fmin(fmax(numbers[2].value / 100.0, 0.0), 1.0);
    double reach = saturation * fmin(lightness, 1.0 - lightness);
    turn = turn < 0.0 ? turn + 360.0 : turn;
    for (int i = 0; i < 3; i++) {
        double k = fmod((i ? 12.0 - 4.0 * i : 0.0) + turn / 30.0, 12.0);
        rgba[i] = byte_of(lightness - reach * fmax(-1.0, fmin(fmin(k - 3.0, 9.0 - k), 1.0)));
    }
}

static bool parse_function(const char *text, uint8_t rgba[4]) {
    static const char *const functions[] = {"rgb(", "rgba(", "hsl(", "hsla("};
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
        const size_t length = strlen(functions[f]);
        number n[4];
        if (!bd_text_same_first(text, functions[f], length)) {
            continue;
        }
        int count = parse_numbers(text + length, n);
        if (!count) {
            return false;
        }
        for (int i = 0; i < 3 && f < 2; i++) {
            rgba[i] = byte_of(share_of(n[i], 255.0));
        }
        if (f >= 2) {
            set_hsl(n, rgba);
        }
        rgba[3] = count == 4 ? byte_of(share_of(n[3], 1.0)) : 255;
        return true;
    }
    return false;
}

bool cli_css_color(const char *text, uint8_t rgba[4]) {
    return parse_name(text, rgba) || parse_hex(text, rgba) || parse_function(text, rgba);
}
