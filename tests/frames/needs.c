/* SPDX-License-Identifier: MIT
 *
 * needs.c -- a program that needs the library of constructor.c, and never gets past it.
 */
#include "frames.h"

int main(int argc, char **argv)
{
	return argc > 9 ? frame_run(argv[9]) : 97;
}
