/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_pickle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/torch/torch_pickle_names.h"

#define NONE BD_PICKLE_NONE
#define NUMBER_MOST ((int64_t)1 << 48)

typedef bd_pickle machine;
typedef bd_pickle_value value;
typedef bd_pickle_item item;
typedef bd_pickle_table table;

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
    return bd_pickle_value_at(m, index);
}

static item *item_at(const machine *m, uint32_t index) {
    return bd_pickle_item_at(m, index);
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

static bd_result push_kind(machine *m, bd_pickle_kind what) {
    return push(m, &(value){.kind = what, .first = NONE, .last = NONE});
}

static bd_result push_number(machine *m, int64_t number) {
    return push(m, &(value){.kind = BD_PICKLE_NUMBER, .number = number});
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
    return push(m, &(value){.kind = BD_PICKLE_TEXT, .count = (uint32_t)length, .number = (int64_t)(at - m->data)});
}

static bd_result push_long(machine *m) {
    uint64_t length, number = 0;
    const uint8_t *at;
    if (!take_number(m, 1, &length) || !take(m, (size_t)length, &at)) {
        return broken(m, "begins a number that ends past it");
    }
    if (length > 8) {
        return push_kind(m, BD_PICKLE_OPAQUE);
    }
    number = little_endian(at, (size_t)length);
    if (length && length < 8 && at[length - 1] & 0x80) {
        number |= UINT64_MAX << (8 * length);
    }
    int64_t signed_number;
    memcpy(&signed_number, &number, sizeof signed_number);
    return push_number(m, signed_number);
}

bool bd_pickle_is_text(const machine *m, uint32_t index, const char *text) {
    const value *v = value_at(m, index);
    return v->kind == BD_PICKLE_TEXT && v->count == strlen(text) && !memcmp(m->data + v->number, text, v->count);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bd_result push_name(machine *m, const uint8_t *module, size_t module_bytes, const uint8_t *name,
                           size_t name_bytes) {
    uint32_t number;
    if (bd_pickle_find_name(module, module_bytes, name, name_bytes, &number)) {
        return push(m, &(value){.kind = BD_PICKLE_NAME, .first = number});
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
    if (module->kind != BD_PICKLE_TEXT || name->kind != BD_PICKLE_TEXT) {
        return broken(m, "names something by what is no text");
    }
    m->stack.count -= 2;
    return push_name(m, m->data + module->number, module->count, m->data + name->number, name->count);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

uint32_t bd_pickle_sequence(const machine *m, uint32_t index, uint32_t least, uint32_t most, uint32_t *out) {
    const value *v = value_at(m, index);
    if (v->kind != BD_PICKLE_SEQUENCE || v->count < least || v->count > most) {
        return 0;
    }
    uint32_t count = 0;
    for (uint32_t i = v->first; i != NONE; i = item_at(m, i)->next) {
        out[count++] = item_at(m, i)->value;
    }
    return count;
}

bool bd_pickle_is_number(const machine *m, uint32_t index) {
    const value *v = value_at(m, index);
    return v->kind == BD_PICKLE_NUMBER && v->number >= 0 && v->number <= NUMBER_MOST;
}

/* ('storage', type, key, location, elements), followed by None before version 1.6 */
static bd_result persistent(machine *m) {
    uint32_t parts[6];
    uint32_t count = available(m) ? bd_pickle_sequence(m, top(m, 0), 5, 6, parts) : 0;
    if (!count || (count == 6 && value_at(m, parts[5])->kind != BD_PICKLE_NOTHING) ||
        !bd_pickle_is_text(m, parts[0], "storage") || value_at(m, parts[1])->kind != BD_PICKLE_NAME ||
        bd_pickle_name(value_at(m, parts[1])->first)->what != BD_PICKLE_STORAGE_TYPE ||
        value_at(m, parts[2])->kind != BD_PICKLE_TEXT || !bd_pickle_is_number(m, parts[4])) {
        return broken(m, "asks for something that is no storage of a tensor");
    }
    m->stack.count--;
    return push(m, &(value){.kind = BD_PICKLE_STORAGE,
                            .first = value_at(m, parts[1])->first,
                            .count = parts[2],
                            .number = value_at(m, parts[4])->number});
}

static bd_result reduce(machine *m) {
    uint32_t arguments[8];
    if (available(m) < 2 || value_at(m, top(m, 1))->kind != BD_PICKLE_NAME ||
        value_at(m, top(m, 0))->kind != BD_PICKLE_SEQUENCE) {
        return broken(m, "calls what cannot be called");
    }
    bd_pickle_role what = bd_pickle_name(value_at(m, top(m, 1))->first)->what;
    uint32_t count = bd_pickle_sequence(m, top(m, 0), 0, 8, arguments);
    uint32_t given = value_at(m, top(m, 0))->count;
    m->stack.count -= 2;
    if (what == BD_PICKLE_ANYTHING) {
        return push_kind(m, BD_PICKLE_OPAQUE);
    }
    if (what == BD_PICKLE_ORDERED_DICT && !given) {
        return push_kind(m, BD_PICKLE_DICTIONARY);
    }
    if (what == BD_PICKLE_REBUILD_PARAMETER && count >= 1 && value_at(m, arguments[0])->kind == BD_PICKLE_TENSOR) {
        return push_index(m, arguments[0]);
    }
    if (what == BD_PICKLE_REBUILD_TENSOR && count >= 4 && value_at(m, arguments[0])->kind == BD_PICKLE_STORAGE &&
        bd_pickle_is_number(m, arguments[1]) && value_at(m, arguments[2])->kind == BD_PICKLE_SEQUENCE &&
        value_at(m, arguments[3])->kind == BD_PICKLE_SEQUENCE) {
        return push(m, &(value){.kind = BD_PICKLE_TENSOR,
                                .first = arguments[2],
                                .last = arguments[3],
                                .number = value_at(m, arguments[1])->number,
                                .storage = arguments[0]});
    }
    return broken(m, "makes something with the wrong arguments");
}

/* The options of a training run, which torchvision's own script keeps beside the weights: a container that is not
 * looked into. Objects of harmless classes are opaque, whatever their arguments. */
static bd_result new_object(machine *m, uint32_t arguments) {
    const value *class = available(m) > arguments ? value_at(m, top(m, arguments)) : NULL;
    const value *given = class ? value_at(m, top(m, 0)) : NULL;
    bd_pickle_role what =
        class && class->kind == BD_PICKLE_NAME ? bd_pickle_name(class->first)->what : BD_PICKLE_ORDERED_DICT;
    bool options = what == BD_PICKLE_OPTIONS && arguments == 1 && given->kind == BD_PICKLE_SEQUENCE && !given->count;
    if (!options && what != BD_PICKLE_ANYTHING) {
        return broken(m, "makes an object of what is no class");
    }
    m->stack.count -= arguments + 1;
    return push_kind(m, options ? BD_PICKLE_DICTIONARY : BD_PICKLE_OPAQUE);
}

/* The bytes do not matter. */
static bd_result skip_bytes(machine *m, size_t length_bytes) {
    uint64_t length;
    const uint8_t *at;
    if (!take_number(m, length_bytes, &length) || length > m->bytes || !take(m, (size_t)length, &at)) {
        return broken(m, "begins bytes that end past it");
    }
    return push_kind(m, BD_PICKLE_OPAQUE);
}

/* ---- containers ------------------------------------------------------------------------------------------------- */

/* Pops down to the last mark; *count: how many values were above it; they stay in memory from index *first of the
 * stack. */
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

/* A sequence of the last `count` values of the stack, from index `first`. */
static bd_result make_sequence(machine *m, uint32_t first, uint32_t count) {
    value made = {.kind = BD_PICKLE_SEQUENCE, .first = NONE, .last = NONE};
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

/* Puts the last `count` values of the stack, from index `first`, into the container below them. */
static bd_result fill(machine *m, bd_pickle_kind what, uint32_t first, uint32_t count) {
    m->stack.count = first;
    if (available(m) && value_at(m, top(m, 0))->kind == BD_PICKLE_OPAQUE) {
        return BD_OK;
    }
    if (!available(m) || value_at(m, top(m, 0))->kind != what || (what == BD_PICKLE_DICTIONARY && count % 2)) {
        return broken(m, "fills what is no container");
    }
    uint32_t container = top(m, 0), step = what == BD_PICKLE_DICTIONARY ? 2 : 1;
    bd_result result = BD_OK;
    for (uint32_t i = 0; i < count && !result; i += step) {
        const uint32_t *from = index_at(&m->stack, first + i);
        result = append(m, container, step == 2 ? from[0] : NONE, from[step - 1]);
    }
    return result;
}

static bd_result fill_marked(machine *m, bd_pickle_kind what) {
    uint32_t first, count;
    if (!pop_mark(m, &first, &count)) {
        return broken(m, "ends what did not begin");
    }
    return fill(m, what, first, count);
}

static bd_result fill_top(machine *m, bd_pickle_kind what, uint32_t count) {
    if (available(m) <= count) {
        return broken(m, "takes more than there is");
    }
    return fill(m, what, m->stack.count - count, count);
}

/* The attributes of an OrderedDict (a state dict's _metadata) and of what is opaque say nothing about tensors. */
static bd_result build(machine *m) {
    bd_pickle_kind of = available(m) < 2 ? BD_PICKLE_NOTHING : value_at(m, top(m, 1))->kind;
    if (of != BD_PICKLE_DICTIONARY && of != BD_PICKLE_OPAQUE) {
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

/* How many bytes of a number follow an opcode; 0: none, or the opcode reads them itself. */
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
    case '}': return push_kind(m, BD_PICKLE_DICTIONARY);
    case ']':
    case ')': return push_kind(m, BD_PICKLE_SEQUENCE); /* EMPTY_LIST, EMPTY_TUPLE */
    case 'l':
    case 't': return marked_sequence(m); /* LIST, TUPLE */
    case 0x85: return tuple(m, 1);       /* TUPLE1 */
    case 0x86: return tuple(m, 2);
    case 0x87: return tuple(m, 3);
    case 'a': return fill_top(m, BD_PICKLE_SEQUENCE, 1);   /* APPEND */
    case 's': return fill_top(m, BD_PICKLE_DICTIONARY, 2); /* SETITEM */
    case 'e': return fill_marked(m, BD_PICKLE_SEQUENCE);   /* APPENDS */
    case 'u': return fill_marked(m, BD_PICKLE_DICTIONARY); /* SETITEMS */
    case 'N': return push_kind(m, BD_PICKLE_NOTHING);      /* NONE */
    case 0x88: return push_number(m, 1);                   /* NEWTRUE */
    case 0x89: return push_number(m, 0);                   /* NEWFALSE */
    case 'G': return push_kind(m, BD_PICKLE_OPAQUE);       /* BINFLOAT */
    case 'K':
    case 'M': return push_number(m, (int64_t)number); /* BININT1, BININT2 */
    case 'J': return push_number(m, number & 0x80000000u ? (int64_t)number - ((int64_t)1 << 32) : (int64_t)number);
    case 0x8a: return push_long(m);    /* LONG1 */
    case 0x8c: return push_text(m, 1); /* SHORT_BINUNICODE */
    case 'X': return push_text(m, 4);  /* BINUNICODE */
    case 'U': return push_text(m, 1);  /* SHORT_BINSTRING, of Python 2 */
    case 'T': return push_text(m, 4);  /* BINSTRING */
    case 'C': return skip_bytes(m, 1); /* SHORT_BINBYTES */
    case 'B': return skip_bytes(m, 4); /* BINBYTES */
    case 'q':
    case 'r': return memo_put(m, number);         /* BINPUT, LONG_BINPUT */
    case 0x94: return memo_put(m, m->memo.count); /* MEMOIZE */
    case 'h':
    case 'j': return memo_get(m, number);               /* BINGET, LONG_BINGET */
    case 'c': return global(m);                         /* GLOBAL */
    case 0x93: return stack_global(m);                  /* STACK_GLOBAL */
    case 'Q': return persistent(m);                     /* BINPERSID */
    case 'R': return reduce(m);                         /* REDUCE */
    case 0x81: return new_object(m, 1);                 /* NEWOBJ */
    case 0x92: return new_object(m, 2);                 /* NEWOBJ_EX */
    case 0x8f: return push_kind(m, BD_PICKLE_OPAQUE);   /* EMPTY_SET */
    case 0x90: return fill_marked(m, BD_PICKLE_OPAQUE); /* ADDITEMS */
    case 'b': return build(m);                          /* BUILD */
    default:
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: byte %zu of its pickle is operation 0x%02x, which no state dict needs", m->file, m->at - 1,
                       opcode);
    }
}

bd_result bd_pickle_run(bd_pickle *m, uint32_t *root) {
    m->stack.count = m->marks.count = m->memo.count = 0;
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

void bd_pickle_finish(bd_pickle *m) {
    table *tables[] = {&m->values, &m->items, &m->stack, &m->marks, &m->memo};
    for (size_t i = 0; i < BD_COUNT(tables); i++) {
        bd_free(m->allocator, tables[i]->items);
        *tables[i] = (table){0};
    }
}

uint32_t bd_pickle_storage_type(const bd_pickle *m, uint32_t storage, bd_torch_kind *kind) {
    const bd_pickle_known *type = bd_pickle_name(value_at(m, storage)->first);
    *kind = type->kind;
    return type->bytes;
}
