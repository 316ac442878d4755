/* SPDX-License-Identifier: MIT
 * TensorFlow's nodes, whatever form they are stored in: a form lists them and reads their attributes and constants; the
 * output, the order and the operations are found without it. */
#ifndef BD_TENSORFLOW_CONTEXT_H
#define BD_TENSORFLOW_CONTEXT_H

#include "graph/graph.h"

typedef struct bd_tf bd_tf;

typedef struct bd_tf_input {
    uint32_t node, port;
} bd_tf_input;

typedef struct bd_tf_node {
    const char *name; /* first: bd_tf_compare_names */
    const char *op;
    const void *record;      /* the form's: where it reads attributes from */
    const char **references; /* as stored: "name", "name:port", "^name" for control; NULL: an entry that is not text */
    uint32_t reference_count;
    bd_tf_input *inputs; /* without control inputs; set for nodes that are reached */
    uint32_t input_count;
    uint32_t next_input; /* of the walk */
    enum { BD_TF_NEW, BD_TF_OPEN, BD_TF_DONE } state;
    bool consumed;
    uint32_t index;        /* in the graph, once done: of output 0; the others follow */
    uint32_t output_count; /* once done */
    bool channels_first;   /* (n, c, h, w) in TensorFlow; the graph has (n, h, w, c) all the same */
    uint32_t constant;     /* the CONST that it stands for in the graph; BD_NO_NODE: none */
} bd_tf_node;

/* OTHER: present, but of another kind. */
typedef enum bd_tf_found { BD_TF_ABSENT, BD_TF_OTHER, BD_TF_FOUND } bd_tf_found;

/* How the form's nodes are read. */
typedef struct bd_tf_form {
    bd_tf_found (*integer)(const bd_tf_node *node, const char *name, int64_t *value);
    bd_tf_found (*real)(const bd_tf_node *node, const char *name, double *value);
    bool (*flag)(const bd_tf_node *node, const char *name);
    /* The number in TensorFlow's types.proto; 0 when there is none. */
    int32_t (*type)(const bd_tf_node *node, const char *name);
    /* FOUND: the text (entry -1), or entry of a list of texts, is `expected`. */
    bd_tf_found (*text)(const bd_tf_node *node, const char *name, int32_t entry, const char *expected);
    /* The first `room` entries of a list; *count is room + 1 when there are more. */
    bd_tf_found (*integers)(const bd_tf_node *node, const char *name, int64_t *values, uint32_t room, uint32_t *count);
    bd_tf_found (*shape)(const bd_tf_node *node, const char *name, int64_t *dims, uint32_t room, uint32_t *rank);
    /* Appends what the Const node holds to the graph. */
    bd_result (*constant)(bd_tf *tf, const bd_tf_node *node, uint32_t *index);
    bool open_ended; /* a file that was cut short after a node looks like a whole one */
} bd_tf_form;

struct bd_tf {
    const char *file;
    bd_graph *graph;
    const bd_tf_form *form;
    void *user; /* the form's */
    bd_tf_node *nodes;
    uint32_t count;
    bd_pool pool; /* for the time of the import */
    bd_error *error;
};

/* Orders and finds structures whose first member is their name. */
int bd_tf_compare_names(const void *a, const void *b);

/* Failures name file, node and operation. */
#define BD_TF_NODE "%s: node %.120s: "
#define BD_TF_AT(tf, node) (tf)->file, (node)->name

bd_result bd_tf_fail_memory(const bd_tf *tf, const bd_tf_node *node); /* node NULL: of none */
bd_result bd_tf_fail_unsupported(const bd_tf *tf, const bd_tf_node *node, const char *what);
bd_result bd_tf_fail_attribute(const bd_tf *tf, const bd_tf_node *node, const char *name, const char *problem);

#endif
