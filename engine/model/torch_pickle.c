/* SPDX-License-Identifier: MIT
 * A pickle machine (CPython's pickletools describes the opcodes) that builds data and runs nothing: it knows the
 * opcodes and the names that torch.save writes for a dictionary of tensors, and refuses the first other one. There is
 * no recursion; every opcode takes a byte at least and makes one value or item at most, so memory is bounded by the
 * pickle's size. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/torch.h"

#define NONE UINT32_MAX
#define NUMBER_MOST ((int64_t)1 << 48)

typedef enum kind { NOTHING, NUMBER, OTHER_NUMBER, TEXT, SEQUENCE, DICTIONARY, NAME, STORAGE, TENSOR } kind;

typedef enum known_name { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, STORAGE_TYPE, OPTIONS } known_name;

typedef struct known {
    const char *module, *name;
    known_name what;
    bd_torch_kind kind; /* STORAGE_TYPE */
    uint32_t bytes;     /* of an element */
} known;

static const known names[] = {
    {"collections", "OrderedDict", ORDERED_DICT, BD_TORCH_OTHER, 0},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, BD_TORCH_OTHER, 0},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, BD_TORCH_OTHER, 0},
    {"argparse", "Namespace", OPTIONS, BD_TORCH_OTHER, 0},
    {"torch", "FloatStorage", STORAGE_TYPE, BD_TORCH_F32, 4},
    {"torch", "HalfStorage", STORAGE_TYPE, BD_TORCH_F16, 2},
    {"torch", "BFloat16Storage", STORAGE_TYPE, BD_TORCH_BF16, 2},
    {"torch", "DoubleStorage", STORAGE_TYPE, BD_TORCH_OTHER, 8},
    {"torch", "LongStorage", STORAGE_TYPE, BD_TORCH_OTHER, 8},
    {"torch", "IntStorage", STORAGE_TYPE, BD_TORCH_OTHER, 4},
    {"torch", "ShortStorage", STORAGE_TYPE, BD_TORCH_OTHER, 2},
    {"torch", "CharStorage", STORAGE_TYPE, BD_TORCH_OTHER, 1},
    {"torch", "ByteStorage", STORAGE_TYPE, BD_TORCH_OTHER, 1},
    {"torch", "BoolStorage", STORAGE_TYPE, BD_TORCH_OTHER, 1},
};

typedef struct value {
    kind kind;
    uint32_t first, last; /* SEQUENCE, DICTIONARY: items; TENSOR: sizes, strides (SEQUENCE values); NAME: in names */
    uint32_t count;       /* SEQUENCE; TEXT: bytes; TENSOR, STORAGE: the STORAGE's key, a TEXT; its NAME in first */
    int64_t number;       /* NUMBER; TEXT: where in the pickle; TENSOR: offset; STORAGE: elements */
    uint32_t storage;     /* TENSOR */
} value;

typedef struct item {
    uint32_t key, value, next;
} item;

typedef struct table { /* grows; items of one size */
    void *items;
    uint32_t count, room;
} table;

typedef struct machine {
    const char *file;
    const uint8_t *data;
    size_t bytes, at;
    const bd_allocator *allocator;
    table values, items, stack, marks, memo; /* value, item, uint32_t, uint32_t, uint32_t */
    bd_error *error;
} machine;

/* ---- storage of the machine ------------------------------------------------------------------------------------- */

static bd_result broken(machine *m, const char *reason) {
    return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: byte %zu of its pickle %s", m->file, m->at, reason);
}

static bool grow(const machine *m, table *of, uint32_t count, size_t item_bytes) {
    if (count > of->room) {
        uint32_t room = BD_MAX(BD_MAX(count, 64u), of->room * 2); /* below 2^32: a pickle has 2^24 bytes at most */
        void *items = bd_realloc(m->allocator, of->items, room * item_bytes);
        if (!items) {
            return false;
        }
        of->items = items;
        of->room = room;
    }
    of->count = BD_MAX(of->count, count);
    return true;
}

static bd_result out_of_memory(machine *m) {
    return bd_fail(m->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", m->file);
}

static value *value_at(const machine *m, uint32_t index) {
    return (value *)m->values.items + index;
}

static item *item_at(const machine *m, uint32_t index) {
    return (item *)m->items.items + index;
}

static uint32_t *index_at(const table *of, uint32_t index) {
    return (uint32_t *)of->items + index;
}

static bd_result push_index(machine *m, uint32_t index) {
    if (!grow(m, &m->stack, m->stack.count + 1, sizeof(uint32_t))) {
        return out_of_memory(m);
    }
    *index_at(&m->stack, m->stack.count - 1) = index;
    return BD_OK;
}

static bd_result push(machine *m, const value *made) {
    if (!grow(m, &m->values, m->values.count + 1, sizeof(value))) {
        return out_of_memory(m);
    }
    *value_at(m, m->values.count - 1) = *made;
    return push_index(m, m->values.count - 1);
}

static bd_result push_kind(machine *m, kind what) {
    return push(m, &(value){.kind = what, .first = NONE, .last = NONE});
}

static bd_result push_number(machine *m, int64_t number) {
    return push(m, &(value){.kind = NUMBER, .number = number});
}

/* Values above the last mark. */
static uint32_t available(const machine *m) {
    uint32_t floor = m->marks.count ? *index_at(&m->marks, m->marks.count - 1) : 0;
    return m->stack.count - floor;
}

static uint32_t top(const machine *m, uint32_t below) {
    return *index_at(&m->stack, m->stack.count - 1 - below);
}

static bd_result append(machine *m, uint32_t container, uint32_t key, uint32_t appended) {
    if (!grow(m, &m->items, m->items.count + 1, sizeof(item))) {
        return out_of_memory(m);
    }
    uint32_t made = m->items.count - 1;
    *item_at(m, made) = (item){key, appended, NONE};
    value *to = value_at(m, container);
    if (to->first == NONE) {
        to->first = made;
    } else {
        item_at(m, to->last)->next = made;
    }
    to->last = made;
    to->count++;
    return BD_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool take(machine *m, size_t bytes, const uint8_t **at) {
    if (bytes > m->bytes - m->at) {
        return false;
    }
    *at = m->data + m->at;
    m->at += bytes;
    return true;
}

static uint64_t little_endian(const uint8_t *at, size_t bytes) {
    uint64_t read = 0;
    for (size_t i = bytes; i-- > 0;) {
        read = read << 8 | at[i];
    }
    return read;
}

static bool take_number(machine *m, size_t bytes, uint64_t *number) {
    const uint8_t *at;
    if (!take(m, bytes, &at)) {
        return false;
    }
    *number = little_endian(at, bytes);
    return true;
}

static bd_result push_text(machine *m, size_t length_bytes) {
    uint64_t length;
    const uint8_t *at;
    if (!take_number(m, length_bytes, &length) || length > m->bytes || !take(m, (size_t)length, &at)) {
        return broken(m, "begins a text that ends past it");
    }
    return push(m, &(value){.kind = TEXT, .count = (uint32_t)length, .number = (int64_t)(at - m->data)});
}

static bd_result push_long(machine *m) {
    uint64_t length, number = 0;
    const uint8_t *at;
    if (!take_number(m, 1, &length) || !take(m, (size_t)length, &at)) {
        return broken(m, "begins a number that ends past it");
    }
    if (length > 8) {
        return push_kind(m, OTHER_NUMBER);
    }
    number = little_endian(at, (size_t)length);
    if (length && length < 8 && at[length - 1] & 0x80) {
        number |= UINT64_MAX << (8 * length);
    }
    int64_t signed_number;
    memcpy(&signed_number, &number, sizeof signed_number);
    return push_number(m, signed_number);
}

static bool is_text(const machine *m, uint32_t index, const char *text) {
    const value *v = value_at(m, index);
    return v->kind == TEXT && v->count == strlen(text) && !memcmp(m->data + v->number, text, v->count);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_name(const uint8_t *text, size_t bytes, const char *name) {
    return bytes == strlen(name) && !memcmp(text, name, bytes);
}

static bd_result push_name(machine *m, const uint8_t *module, size_t module_bytes, const uint8_t *name,
                           size_t name_bytes) {
    for (uint32_t i = 0; i < BD_COUNT(names); i++) {
        if (is_name(module, module_bytes, names[i].module) && is_name(name, name_bytes, names[i].name)) {
            return push(m, &(value){.kind = NAME, .first = i});
        }
    }
    char said[160];
    int length = snprintf(said, sizeof said, "%.*s.%.*s", (int)BD_MIN(module_bytes, (size_t)70), (const char *)module,
                          (int)BD_MIN(name_bytes, (size_t)70), (const char *)name);
    for (int i = 0; i < length; i++) {
        said[i] = said[i] < ' ' || said[i] > '~' ? '?' : said[i];
    }
    return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: its pickle asks for %s, which is no part of a state dict (save model.state_dict())", m->file,
                   said);
}

static bd_result global(machine *m) {
    const uint8_t *parts[2];
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        parts[i] = m->data + m->at;
        const uint8_t *end = memchr(parts[i], '\n', m->bytes - m->at);
        if (!end) {
            return broken(m, "begins a name that ends past it");
        }
        bytes[i] = (size_t)(end - parts[i]);
        m->at += bytes[i] + 1;
    }
    return push_name(m, parts[0], bytes[0], parts[1], bytes[1]);
}

static bd_result stack_global(machine *m) {
    if (available(m) < 2) {
        return broken(m, "names nothing");
    }
    const value *module = value_at(m, top(m, 1)), *name = value_at(m, top(m, 0));
    if (module->kind != TEXT || name->kind != TEXT) {
        return broken(m, "names something by what is no text");
    }
    m->stack.count -= 2;
    return push_name(m, m->data + module->number, module->count, m->data + name->number, name->count);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* The values of a SEQUENCE of at least `least` and at most `most`; their number, 0 when it is none such. */
static uint32_t sequence(const machine *m, uint32_t index, uint32_t least, uint32_t most, uint32_t *out) {
    const value *v = value_at(m, index);
    if (v->kind != SEQUENCE || v->count < least || v->count > most) {
        return 0;
    }
    uint32_t count = 0;
    for (uint32_t i = v->first; i != NONE; i = item_at(m, i)->next) {
        out[count++] = item_at(m, i)->value;
    }
    return count;
}

static bool is_number(const machine *m, uint32_t index) {
    const value *v = value_at(m, index);
    return v->kind == NUMBER && v->number >= 0 && v->number <= NUMBER_MOST;
}

/* ('storage', type, key, location, elements) */
static bd_result persistent(machine *m) {
    uint32_t parts[5];
    if (!available(m) || sequence(m, top(m, 0), 5, 5, parts) != 5 || !is_text(m, parts[0], "storage") ||
        value_at(m, parts[1])->kind != NAME || names[value_at(m, parts[1])->first].what != STORAGE_TYPE ||
        value_at(m, parts[2])->kind != TEXT || !is_number(m, parts[4])) {
        return broken(m, "asks for something that is no storage of a tensor");
    }
    m->stack.count--;
    return push(m, &(value){.kind = STORAGE,
                            .first = value_at(m, parts[1])->first,
                            .count = parts[2],
                            .number = value_at(m, parts[4])->number});
}

static bd_result reduce(machine *m) {
    uint32_t arguments[8];
    if (available(m) < 2 || value_at(m, top(m, 1))->kind != NAME || value_at(m, top(m, 0))->kind != SEQUENCE) {
        return broken(m, "calls what cannot be called");
    }
    known_name what = names[value_at(m, top(m, 1))->first].what;
    uint32_t count = sequence(m, top(m, 0), 0, 8, arguments);
    uint32_t given = value_at(m, top(m, 0))->count;
    m->stack.count -= 2;
    if (what == ORDERED_DICT && !given) {
        return push_kind(m, DICTIONARY);
    }
    if (what == REBUILD_PARAMETER && count >= 1 && value_at(m, arguments[0])->kind == TENSOR) {
        return push_index(m, arguments[0]);
    }
    if (what == REBUILD_TENSOR && count >= 4 && value_at(m, arguments[0])->kind == STORAGE &&
        is_number(m, arguments[1]) && value_at(m, arguments[2])->kind == SEQUENCE &&
        value_at(m, arguments[3])->kind == SEQUENCE) {
        return push(m, &(value){.kind = TENSOR,
                                .first = arguments[2],
                                .last = arguments[3],
                                .number = value_at(m, arguments[1])->number,
                                .storage = arguments[0]});
    }
    return broken(m, "makes something with the wrong arguments");
}

/* The options of a training run, which torchvision's own script keeps beside the weights: a container that is not
 * looked into. */
static bd_result new_object(machine *m) {
    if (available(m) < 2 || value_at(m, top(m, 1))->kind != NAME ||
        names[value_at(m, top(m, 1))->first].what != OPTIONS || value_at(m, top(m, 0))->kind != SEQUENCE ||
        value_at(m, top(m, 0))->count) {
        return broken(m, "makes an object of what is no class");
    }
    m->stack.count -= 2;
    return push_kind(m, DICTIONARY);
}

/* ---- containers ------------------------------------------------------------------------------------------------- */

/* Pops down to the last mark; *count: how many values are above it, still there from index *first of the stack. */
static bool pop_mark(machine *m, uint32_t *first, uint32_t *count) {
    if (!m->marks.count) {
        return false;
    }
    *count = available(m);
    *first = m->stack.count - *count;
    m->marks.count--;
    m->stack.count = *first;
    return true;
}

/* A sequence of the `count` values from index `first` of the stack, which end it. */
static bd_result make_sequence(machine *m, uint32_t first, uint32_t count) {
    value made = {.kind = SEQUENCE, .first = NONE, .last = NONE};
    if (!grow(m, &m->values, m->values.count + 1, sizeof made)) {
        return out_of_memory(m);
    }
    uint32_t index = m->values.count - 1;
    *value_at(m, index) = made;
    for (uint32_t i = 0; i < count; i++) {
        bd_result result = append(m, index, NONE, *index_at(&m->stack, first + i));
        if (result) {
            return result;
        }
    }
    m->stack.count = first;
    return push_index(m, index);
}

static bd_result tuple(machine *m, uint32_t count) {
    if (available(m) < count) {
        return broken(m, "takes more than there is");
    }
    return make_sequence(m, m->stack.count - count, count);
}

static bd_result marked_sequence(machine *m) {
    uint32_t first, count;
    if (!pop_mark(m, &first, &count)) {
        return broken(m, "ends what did not begin");
    }
    return make_sequence(m, first, count);
}

/* Puts `count` values, which end the stack at index first, into the container below them. */
static bd_result fill(machine *m, kind what, uint32_t first, uint32_t count) {
    m->stack.count = first;
    if (!available(m) || value_at(m, top(m, 0))->kind != what || (what == DICTIONARY && count % 2)) {
        return broken(m, "fills what is no container");
    }
    uint32_t container = top(m, 0), step = what == DICTIONARY ? 2 : 1;
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < count && !result; i += step) {
        const uint32_t *from = index_at(&m->stack, first + i);
        result = append(m, container, step == 2 ? from[0] : NONE, from[step - 1]);
    }
    return result;
}

static bd_result fill_marked(machine *m, kind what) {
    uint32_t first, count;
    if (!pop_mark(m, &first, &count)) {
        return broken(m, "ends what did not begin");
    }
    return fill(m, what, first, count);
}

static bd_result fill_top(machine *m, kind what, uint32_t count) {
    if (available(m) <= count) {
        return broken(m, "takes more than there is");
    }
    return fill(m, what, m->stack.count - count, count);
}

/* The attributes of an OrderedDict (a state dict's _metadata) and of options say nothing about tensors. */
static bd_result build(machine *m) {
    if (available(m) < 2 || value_at(m, top(m, 1))->kind != DICTIONARY) {
        return broken(m, "gives attributes to what has none");
    }
    m->stack.count--;
    return BD_OK;
}

/* ---- memo ------------------------------------------------------------------------------------------------------- */

static bd_result memo_put(machine *m, uint64_t slot) {
    if (!available(m) || slot >= m->bytes) {
        return broken(m, "remembers nothing, or too much");
    }
    uint32_t known_slots = m->memo.count;
    if (!grow(m, &m->memo, (uint32_t)slot + 1, sizeof(uint32_t))) {
        return out_of_memory(m);
    }
    for (uint32_t i = known_slots; i < m->memo.count; i++) {
        *index_at(&m->memo, i) = NONE;
    }
    *index_at(&m->memo, (uint32_t)slot) = top(m, 0);
    return BD_OK;
}

static bd_result memo_get(machine *m, uint64_t slot) {
    if (slot >= m->memo.count || *index_at(&m->memo, (uint32_t)slot) == NONE) {
        return broken(m, "recalls what was never there");
    }
    return push_index(m, *index_at(&m->memo, (uint32_t)slot));
}

static bd_result mark(machine *m) {
    if (!grow(m, &m->marks, m->marks.count + 1, sizeof(uint32_t))) {
        return out_of_memory(m);
    }
    *index_at(&m->marks, m->marks.count - 1) = m->stack.count;
    return BD_OK;
}

/* ---- the opcodes ------------------------------------------------------------------------------------------------ */

/* Those with a number of that many bytes behind them; 0: none, or read by the opcode itself. */
static size_t argument_bytes(uint8_t opcode) {
    switch (opcode) {
    case 'q':
    case 'h':
    case 'K':
    case 0x80: return 1;
    case 'M': return 2;
    case 'r':
    case 'j':
    case 'J': return 4;
    case 'G':
    case 0x95: return 8;
    default: return 0;
    }
}

static bd_result step(machine *m, uint8_t opcode) {
    uint64_t number = 0;
    if (!take_number(m, argument_bytes(opcode), &number)) {
        return broken(m, "ends inside an operation");
    }
    switch (opcode) {
    case 0x80: /* PROTO */
        return number >= 2 && number <= 5 ? BD_OK : broken(m, "is of a protocol that torch.save does not write");
    case 0x95: return BD_OK;  /* FRAME */
    case '(': return mark(m); /* MARK */
    case '}': return push_kind(m, DICTIONARY);
    case ']':
    case ')': return push_kind(m, SEQUENCE); /* EMPTY_LIST, EMPTY_TUPLE */
    case 'l':
    case 't': return marked_sequence(m); /* LIST, TUPLE */
    case 0x85: return tuple(m, 1);       /* TUPLE1 */
    case 0x86: return tuple(m, 2);
    case 0x87: return tuple(m, 3);
    case 'a': return fill_top(m, SEQUENCE, 1);   /* APPEND */
    case 's': return fill_top(m, DICTIONARY, 2); /* SETITEM */
    case 'e': return fill_marked(m, SEQUENCE);   /* APPENDS */
    case 'u': return fill_marked(m, DICTIONARY); /* SETITEMS */
    case 'N': return push_kind(m, NOTHING);      /* NONE */
    case 0x88: return push_number(m, 1);         /* NEWTRUE */
    case 0x89: return push_number(m, 0);         /* NEWFALSE */
    case 'G': return push_kind(m, OTHER_NUMBER); /* BINFLOAT */
    case 'K':
    case 'M': return push_number(m, (int64_t)number); /* BININT1, BININT2 */
    case 'J': return push_number(m, number & 0x80000000u ? (int64_t)number - ((int64_t)1 << 32) : (int64_t)number);
    case 0x8a: return push_long(m);    /* LONG1 */
    case 0x8c: return push_text(m, 1); /* SHORT_BINUNICODE */
    case 'X': return push_text(m, 4);  /* BINUNICODE */
    case 'q':
    case 'r': return memo_put(m, number);         /* BINPUT, LONG_BINPUT */
    case 0x94: return memo_put(m, m->memo.count); /* MEMOIZE */
    case 'h':
    case 'j': return memo_get(m, number); /* BINGET, LONG_BINGET */
    case 'c': return global(m);           /* GLOBAL */
    case 0x93: return stack_global(m);    /* STACK_GLOBAL */
    case 'Q': return persistent(m);       /* BINPERSID */
    case 'R': return reduce(m);           /* REDUCE */
    case 0x81: return new_object(m);      /* NEWOBJ */
    case 'b': return build(m);            /* BUILD */
    default:
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: byte %zu of its pickle is operation 0x%02x, which no state dict needs", m->file, m->at - 1,
                       opcode);
    }
}

static bd_result run(machine *m, uint32_t *root) {
    while (m->at < m->bytes) {
        uint8_t opcode = m->data[m->at++];
        if (opcode == '.') {
            if (available(m) != 1 || m->marks.count) {
                return broken(m, "ends it in the middle of something");
            }
            *root = top(m, 0);
            return BD_OK;
        }
        bd_result result = step(m, opcode);
        if (result) {
            return result;
        }
    }
    return broken(m, "is its last, without an end");
}

/* ---- the state dict --------------------------------------------------------------------------------------------- */

static uint32_t count_tensors(const machine *m, uint32_t index) {
    const value *v = value_at(m, index);
    uint32_t count = 0;
    for (uint32_t i = v->kind == DICTIONARY ? v->first : NONE; i != NONE; i = item_at(m, i)->next) {
        const item *entry = item_at(m, i);
        count += value_at(m, entry->value)->kind == TENSOR && value_at(m, entry->key)->kind == TEXT;
    }
    return count;
}

/* The dictionary of tensors: the root, or what a checkpoint calls one of the usual names. */
static bd_result find_state(machine *m, uint32_t root, uint32_t *state) {
    static const char *const usual[] = {"state_dict", "model_state_dict", "model_state", "model", "net"};
    *state = root;
    if (count_tensors(m, root)) {
        return BD_OK;
    }
    const value *v = value_at(m, root);
    for (uint32_t n = 0; n < BD_COUNT(usual); n++) {
        uint32_t found = NONE; /* the last of equal keys, as Python has it */
        for (uint32_t i = v->kind == DICTIONARY ? v->first : NONE; i != NONE; i = item_at(m, i)->next) {
            found = is_text(m, item_at(m, i)->key, usual[n]) ? item_at(m, i)->value : found;
        }
        if (found != NONE && count_tensors(m, found)) {
            *state = found;
            return BD_OK;
        }
    }
    return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: holds no state dict, neither itself nor under 'state_dict' or 'model'", m->file);
}

/* The numbers of a SEQUENCE; false when there are too many or others. */
static bool read_numbers(const machine *m, uint32_t index, uint32_t *count, int64_t numbers[BD_MAX_RANK]) {
    uint32_t found[BD_MAX_RANK];
    *count = sequence(m, index, 0, BD_MAX_RANK, found);
    for (uint32_t i = 0; i < *count; i++) {
        if (!is_number(m, found[i])) {
            return false;
        }
        numbers[i] = value_at(m, found[i])->number;
    }
    return *count == value_at(m, index)->count;
}

static bd_result read_tensor(machine *m, const bd_torch_zip *zip, const char *folder, size_t folder_bytes,
                             const value *from, bd_torch_tensor *to) {
    const value *storage = value_at(m, from->storage), *key = value_at(m, storage->count);
    const known *type = &names[storage->first];
    char name[64];
    uint32_t strides;
    if (!read_numbers(m, from->first, &to->rank, to->dims) || !read_numbers(m, from->last, &strides, to->strides) ||
        strides != to->rank) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' has a broken shape", m->file, to->name);
    }
    int length = snprintf(name, sizeof name, "data/%.*s", (int)BD_MIN(key->count, (uint32_t)sizeof name),
                          (const char *)m->data + key->number);
    const bd_torch_entry *entry = (size_t)length < sizeof name && key->count < sizeof name
                                      ? bd_torch_zip_find(zip, folder, folder_bytes, name, (size_t)length)
                                      : NULL;
    if (!entry) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' has no data in the archive", m->file,
                       to->name);
    }
    if (!entry->data) {
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%.120s' is compressed; torch.save stores",
                       m->file, to->name);
    }
    if ((uint64_t)storage->number > entry->bytes / type->bytes ||
        !bd_torch_tensor_fits(to, from->number, storage->number)) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' reaches past its data", m->file,
                       to->name);
    }
    to->kind = type->kind;
    to->data = entry->data + (size_t)from->number * type->bytes;
    return BD_OK;
}

static bd_result read_state(machine *m, const bd_torch_zip *zip, const char *folder, size_t folder_bytes,
                            uint32_t index, bd_pool *pool, bd_torch_state *state) {
    if (count_tensors(m, index) > BD_TORCH_MAX_TENSORS) {
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: holds more than %d tensors", m->file,
                       BD_TORCH_MAX_TENSORS);
    }
    state->count = 0;
    state->items = bd_pool_alloc(pool, count_tensors(m, index) * sizeof *state->items);
    if (!state->items) {
        return out_of_memory(m);
    }
    for (uint32_t i = value_at(m, index)->first; i != NONE; i = item_at(m, i)->next) {
        const value *key = value_at(m, item_at(m, i)->key), *tensor = value_at(m, item_at(m, i)->value);
        if (key->kind != TEXT || tensor->kind != TENSOR) {
            continue;
        }
        if (key->count > BD_TORCH_MAX_NAME) {
            return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: a parameter's name has %u bytes, the most is %d",
                           m->file, key->count, BD_TORCH_MAX_NAME);
        }
        char *name = bd_pool_alloc(pool, (size_t)key->count + 1);
        if (!name) {
            return out_of_memory(m);
        }
        memcpy(name, m->data + key->number, key->count);
        bd_torch_tensor *to = &state->items[state->count++];
        to->name = name;
        bd_result result = read_tensor(m, zip, folder, folder_bytes, tensor, to);
        if (result) {
            return result;
        }
    }
    return BD_OK;
}

bd_result bd_torch_pickle_read(const bd_torch_zip *zip, const bd_torch_entry *pickle, const char *folder,
                               size_t folder_bytes, bd_pool *pool, bd_torch_state *state, bd_error *error) {
    machine m = {
        .file = zip->file, .data = pickle->data, .bytes = pickle->bytes, .allocator = pool->allocator, .error = error};
    uint32_t root = 0, found = 0;
    bd_result result = BD_OK;
    if (!pickle->data) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: its data.pkl is compressed; torch.save stores", zip->file);
    }
    if (m.bytes > BD_TORCH_MAX_HEADER_BYTES) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED, "%s: %zu bytes of pickle, the most is %zu", zip->file, m.bytes,
                       BD_TORCH_MAX_HEADER_BYTES);
    }
    result = run(&m, &root);
    if (!result) {
        result = find_state(&m, root, &found);
    }
    if (!result) {
        result = read_state(&m, zip, folder, folder_bytes, found, pool, state);
    }
    table *tables[] = {&m.values, &m.items, &m.stack, &m.marks, &m.memo};
    for (size_t i = 0; i < BD_COUNT(tables); i++) {
        bd_free(pool->allocator, tables[i]->items);
    }
    return result;
}
