// SPDX-License-Identifier: Apache-2.0
// What a failed call hands back. NULL means success.
#ifndef CTORCH_ERROR_H
#define CTORCH_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ct_error_kind { CT_TORCH, CT_OUT_OF_MEMORY, CT_CPP } ct_error_kind;

typedef struct ct_error ct_error;

ct_error_kind ct_error_get_kind(const ct_error *error);

/// Borrowed: lives as long as the error.
const char *ct_error_message(const ct_error *error);

/// Frees an error; NULL is fine.
void ct_error_free(ct_error *error);

#ifdef __cplusplus
}
#endif

#endif
