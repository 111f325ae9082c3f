/* SPDX-License-Identifier: BSD-2-Clause */
#define EFFECT "allowed"
#include "effect.h"
