/* SPDX-License-Identifier: MIT
 *
 * unit.h -- cmocka with the headers that it wants first.
 */
#ifndef SF_UNIT_H
#define SF_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One test of a group: its name says what must hold. */
#define HOLDS(test) cmocka_unit_test(test)

#endif
