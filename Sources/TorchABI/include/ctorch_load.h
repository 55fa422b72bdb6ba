/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of ctorch.h are in a library of their own, beside libtorch: a program that is not linked with it
 * loads it before the first call, and until then starts as fast as one without libtorch.
 */
#ifndef CTORCH_LOAD_H
#define CTORCH_LOAD_H

#ifdef __cplusplus
extern "C" {
#endif

/* Loads a library that the one of ct_load needs. NULL, or why it could not be loaded. */
const char *ct_open(const char *path);

/* Loads the library of a path. NULL, or why it could not be loaded: good until the thread's next call. */
const char *ct_load(const char *path);

#ifdef __cplusplus
}
#endif

#endif
