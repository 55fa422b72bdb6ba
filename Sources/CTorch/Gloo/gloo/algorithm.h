// SPDX-License-Identifier: Apache-2.0
// Empty: see ../README.md.
#pragma once
