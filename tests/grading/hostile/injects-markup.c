/* SPDX-License-Identifier: MIT
 *
 * injects-markup.c -- prints and sends what terminals, browsers, XML, JSON, Markdown and CSV could take for their own.
 */
#include "talk.h"

static const char rubbish[] =
    "\033]0;owned\007\033[2J<script>alert(1)</script>]]><!--\"'&amp;\x00\x01\xff\xfe\xc0\x80"
    "\n```\n# owned\n=HYPERLINK(\"http://x\")\n::error file=x::owned\n\xe2\x80\xae drowkcab\n";

void __attribute__((noinline)) send_rubbish(int fd)
{
	(void)send(fd, rubbish, sizeof rubbish, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	int fd = dial(argv);

	(void)argc;
	send_rubbish(fd);
	fwrite(rubbish, 1, sizeof rubbish, stdout);
	fwrite(rubbish, 1, sizeof rubbish, stderr);
	return 0;
}
