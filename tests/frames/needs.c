/* SPDX-License-Identifier: MIT
 *
 * needs.c -- a program that needs the library of constructor.c, and does nothing itself.
 */
#include "frames.h"

int main(void)
{
	return frame_status;
}
