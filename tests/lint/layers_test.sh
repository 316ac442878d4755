#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Who may include whom: data flows one way, and each outside library has one place.
set -u
export LC_ALL=C
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1

# bench/inside sees what no public header shows: the network after our passes, its kernels, its dispatches.
# A layer, and the layers it may include. "public" is the public header, "push" what C and GLSL share.
layers='
    public
    public_vulkan public
    platform
    base      public platform
    geometry  public base
    graph     public base
    model/bytes public base platform
    model/onnx public base graph model/bytes
    model/tensorflow public base graph model/bytes
    model/tflite public base graph model/bytes
    model/torch public base platform graph model/bytes
    model     public base platform graph model/bytes model/onnx model/tensorflow model/tflite model/torch
    reference public base graph geometry push
    image     public base platform
    vk        public public_vulkan base platform push
    kernel    public public_vulkan base platform graph vk push
    network   public base platform geometry graph vk kernel push
    photo     public base platform geometry graph image vk kernel network push
    api       public public_vulkan base platform geometry graph model image vk kernel network photo push
    push
    tools     public platform
    plugins   public
    bench     public public_vulkan
    inside    public base graph model vk kernel network api bench
'
# A header of an outside library, as a regular expression, and the layers that may include it.
outside='
    ^vulkan/          public_vulkan vk bench inside
    ^(jpeglib|jerror)\.h$ image
    ^png\.h$          image
    ^lcms2\.h$        image
    stb_image         image
    ^webp/            image
    ^gif_lib\.h$      image
    ^zlib\.h$         image model/bytes
    ^tiff             image
    ^libheif/         image
    ^jxl/             image
    ^openjpeg         image
    cJSON\.h$         model model/tensorflow model/torch tools bench
    ^nettle/          tools
    ^frei0r           plugins
'

# shellcheck disable=SC2016 # awk's variables
find engine shaders/push tools plugins bench -name '*.[ch]' | sort |
awk -v layers="$layers" -v outside="$outside" '
    function layer_of(file,    part) {
        if (file == "engine/backdrop_vulkan.h") return "public_vulkan" # which backdrop.h does not include
        if (file ~ /^engine\/backdrop[a-z_]*\.h$/) return "public"
        if (file ~ /^bench\/inside\//) return "inside"
        split(file, part, "/")
        if (part[1] == "engine") return part[4] == "" ? part[2] : part[2] "/" part[3]
        return part[1] == "shaders" ? "push" : part[1]
    }
    # Where a quoted include is found, as the compiler looks. shaders.h and kernels.h are generated; they belong to the shaders.
    function resolve(file, header,    folder) {
        folder = file
        sub(/\/[^\/]*$/, "/", folder)
        if ((folder header) in known) return folder header
        if (header in known) return header
        if (("engine/" header) in known) return "engine/" header
        if (("shaders/" header) in known || header == "shaders.h" || header == "kernels.h") return "shaders/" header
        return ""
    }
    function problem(text) {
        print where ": " text
        problems++
    }
    function check(file, line,    from, header, found, quoted, i) {
        from = layer_of(file)
        quoted = line ~ /include[ \t]*"/
        header = line
        gsub(/^[^"<]*["<]|[">].*$/, "", header)
        if (!(from in is_layer)) {
            problem("its folder is not in the table of layers of this test")
            return
        }
        for (i = 1; i <= outside_count; i++)
            if (header ~ outside_pattern[i] && !((i, from) in outside_may)) problem("layer " from " may not include " header)
        if (!quoted || header ~ /stb_image/) return
        found = resolve(file, header)
        if (found == "") problem("includes " header ", which is nowhere in the tree")
        else if (layer_of(found) != from && !((from, layer_of(found)) in may))
            problem("layer " from " may not include " header " of layer " layer_of(found))
    }
    BEGIN {
        count = split(layers, rows, "\n")
        for (r = 1; r <= count; r++) {
            words = split(rows[r], word, " ")
            if (words > 0) is_layer[word[1]] = 1
            for (w = 2; w <= words; w++) may[word[1], word[w]] = 1
        }
        count = split(outside, rows, "\n")
        for (r = 1; r <= count; r++) {
            words = split(rows[r], word, " ")
            if (words > 0) outside_pattern[++outside_count] = word[1]
            for (w = 2; w <= words; w++) outside_may[outside_count, word[w]] = 1
        }
    }
    { known[$0] = 1; files[NR] = $0 }
    END {
        for (f = 1; f <= NR; f++) {
            number = 0
            while ((getline line < files[f]) > 0) {
                where = files[f] ":" ++number
                if (line ~ /^[ \t]*#[ \t]*include/) { checked++; check(files[f], line) }
            }
            close(files[f])
        }
        print checked + 0 " includes checked, " problems + 0 " against the layers"
        exit !(checked > 0 && problems == 0)
    }'
