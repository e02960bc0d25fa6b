/* SPDX-License-Identifier: MIT
 *
 * duplicates.c -- the cases of dup2 and dup3: over a free number, over an open one, over itself, from nothing.
 */
#include "../snippet.h"

void duplicate_cases(duplicator *copy)
{
	int tcp[3], file = make_file("file");
	char buffer[8] = "";

	make_tcp(tcp);
	SAY(copy(tcp[SERVER], 50));
	SAY(write(tcp[CLIENT], "over", 4));
	await_input(50);
	SAY(read(50, buffer, sizeof(buffer)));
	SAY(copy(file, 50));
	SAY(lseek(file, 0, SEEK_SET));
	SAY(read(50, buffer, sizeof(buffer)));
	say_bytes("read", buffer, 4);
	SAY(copy(tcp[SERVER], file));
	SAY(send(file, "back", 4, 0));
	await_input(tcp[CLIENT]);
	SAY(recv(tcp[CLIENT], buffer, sizeof(buffer), 0));
	SAY(copy(file, file));
	SAY(copy(-1, 51));
	SAY(copy(closed_number(), 51));
	SAY(copy(file, -1));
	SAY(copy(file, 1 << 30));
	close_all((int[]){50, file, tcp[0], tcp[1], tcp[2]}, 5);
}
