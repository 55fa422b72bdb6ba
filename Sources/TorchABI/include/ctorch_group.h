/* SPDX-License-Identifier: Apache-2.0
 *
 * Several processes that compute together: a store that they meet at, and a group that adds up and passes on tensors.
 *
 * A group fails once: when a peer is gone or the group is broken off, the call that waits gives an error, and so does
 * every later one at once. What an operation in the middle of a network would have added up is then no number of
 * anything; ct_group_failure tells.
 */
#ifndef CTORCH_GROUP_H
#define CTORCH_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctorch_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_store ct_store;
typedef struct ct_group ct_group;
typedef struct ct_buckets ct_buckets;

/* -- The store: small values under names, held by one process ----------------------------------------- */

/* Connects, within so many milliseconds; `serves` makes this process the one that holds it. `*out` is +1. */
ct_error *ct_store_open(ct_store **out, const char *host, uint16_t port, bool serves, int64_t timeout);
void ct_store_free(ct_store *store);
ct_error *ct_store_set(ct_store *store, const char *key, const char *text);
/* Sets a value where there is none. Whatever is there then, the caller frees with ct_text_free. */
ct_error *ct_store_set_first(char **out, ct_store *store, const char *key, const char *text);
/* The value, which the caller frees with ct_text_free; NULL where there is none. Does not wait. */
ct_error *ct_store_get(char **out, ct_store *store, const char *key);
/* Adds to a number, 0 where there is none, and gives the sum. */
ct_error *ct_store_add(int64_t *out, ct_store *store, const char *key, int64_t value);
void ct_text_free(char *text);

/* -- The group ------------------------------------------------------------------------------------------ */

/* Joins the processes that meet at the store under a name; returns when all are connected, over the network that has
 * this address. `timeout` in milliseconds is also the longest that a call waits. `*out` is +1. */
ct_error *ct_group_join(ct_group **out, ct_store *store, const char *name, const char *address, int32_t rank,
                        int32_t size, int64_t timeout);
/* Whether the library was compiled with NCCL. */
bool ct_has_nccl(void);
/* Lets tensors of CUDA devices travel from device to device; else they travel over the CPU. All processes call it, each
 * with a device of its own. */
ct_error *ct_group_join_devices(ct_group *group, ct_store *store, const char *name, int32_t rank, int64_t timeout);
void ct_group_free(ct_group *group);
/* Adds up a tensor over all processes, in place; all get the same bits. */
ct_error *ct_group_sum(ct_group *group, ct_tensor *tensor);
/* Gives every process the tensor of one, in place. */
ct_error *ct_group_broadcast(ct_group *group, ct_tensor *tensor, int32_t root);
/* Fills `outs`, one a process, with everybody's tensor; all are of one shape. */
ct_error *ct_group_gather(ct_group *group, ct_tensor *const *outs, const ct_tensor *tensor);
/* Breaks the group off: who waits, and who comes later, gets an error with these words. From any thread. */
void ct_group_break(ct_group *group, const char *why);
/* Why the group has failed, which the caller frees with ct_text_free; NULL while it has not. */
char *ct_group_failure(ct_group *group);
/* What calls have cost so far. */
void ct_group_cost(const ct_group *group, int64_t *calls, int64_t *bytes, double *seconds);

/* -- What networks do with it --------------------------------------------------------------------------- */

/* Normalisations by a batch's statistics take those of all processes' batches, with gradients to match; NULL for each
 * its own. Of this thread; the group is borrowed until another is set. */
void ct_set_norm_group(ct_group *group);

/* Adds up the gradients of parameters over a group. They travel together, in buckets of about so many bytes; where
 * `overlaps`, a bucket leaves as soon as backward has filled it. Parameters and group are borrowed. `*out` is +1. */
ct_error *ct_buckets_make(ct_buckets **out, ct_group *group, ct_tensor *const *parameters, size_t count,
                          int64_t bytes, bool overlaps);
/* After backward: waits until every gradient is the sum of all processes'. */
ct_error *ct_buckets_finish(ct_buckets *buckets);
void ct_buckets_free(ct_buckets *buckets);

#ifdef __cplusplus
}
#endif

#endif
