/* SPDX-License-Identifier: BSD-2-Clause */
#define EFFECT "forbidden"
#include "effect.h"
