/* SPDX-License-Identifier: MIT
 *
 * target.c -- follows a command to its program, as target.h says. Each step appends one file or sets the error.
 */
#include "cli/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHEBANG_MAX 256 /* BINPRM_BUF_SIZE: what the kernel reads */

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

/* Search as execvp(3): what is found but may not be executed is remembered, and the search goes on. */
static int search(char *found, size_t size, const char *name)
{
	const char *path = getenv("PATH");
	int error = ENOENT;

	if (!path)
		path = "/bin:/usr/bin";
	for (const char *end; path; path = *end ? end + 1 : NULL) {
		char candidate[PATH_MAX];

		end = strchrnul(path, ':');
		int length =
		    snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", name);
		int this = length < (int)sizeof candidate ? executable(candidate) : ENAMETOOLONG;

		if (this == 0 || this == EACCES)
			snprintf(found, size, "%s", candidate);
		if (this == 0)
			return 0;
		if (this == EACCES)
			error = EACCES;
	}
	return error;
}

int sf_target_search(char *found, const char *name)
{
	if (!strchr(name, '/'))
		return *name ? search(found, PATH_MAX, name) : ENOENT;
	if (strlen(name) >= PATH_MAX)
		return ENAMETOOLONG;
	memmove(found, name, strlen(name) + 1);
	return executable(name);
}

static void append(struct sf_target *target, const char *name)
{
	char *file = target->files[target->count];

	if (target->count == SF_TARGET_FILES || strlen(name) >= PATH_MAX) {
		target->error = target->count == SF_TARGET_FILES ? ELOOP : ENAMETOOLONG;
		return;
	}
	target->count++;
	memcpy(file, name, strlen(name) + 1);
	target->error = sf_target_search(file, name);
}

/* The program in the words after "#!/usr/bin/env". Without -S all of it is one word, as the kernel hands it over. */
static char *program_of_env(char *words)
{
	char *word = words, *rest;
	bool split = false;

	if (*words != '-' && !strchr(words, '='))
		return *words ? words : NULL;
	for (word = strtok_r(words, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		const char *option = *word == '-' && word[1] != '-' ? strchr(word, 'S') : NULL;

		split = split || option || strncmp(word, "--split-string", 14) == 0;
		if (option && option[1])
			return (char *)(uintptr_t)option + 1;
		if (*word != '-' && !strchr(word, '='))
			return split ? word : NULL;
	}
	return NULL;
}

/* The interpreter of a script, and what it starts if it is env. `line` holds what follows "#!". */
static void follow(struct sf_target *target, char *line)
{
	char *interpreter = line + strspn(line, " \t");
	char *end = interpreter + strcspn(interpreter, " \t");
	char *words = end + strspn(end, " \t");
	size_t length = strlen(words);

	while (length && strchr(" \t\r", words[length - 1]))
		words[--length] = '\0';
	*end = '\0';
	append(target, interpreter);
	const char *base = strrchr(interpreter, '/');
	char *program = target->error == 0 && base && strcmp(base, "/env") == 0 ? program_of_env(words) : NULL;

	if (program)
		append(target, program);
}

/* Looks into the last file: false when it is a program, or can't be followed further. */
static bool step(struct sf_target *target)
{
	struct sf_elf *elf = &target->elf;
	char line[SHEBANG_MAX];

	if (target->error)
		return false;
	if (!sf_elf_open(elf, sf_target_program(target))) {
		target->unreadable = true;
		return false;
	}
	if (elf->is_elf)
		return false;
	size_t length = elf->size < sizeof line ? elf->size : sizeof line - 1;

	if (length)
		memcpy(line, elf->data, length);
	line[length] = '\0';
	sf_elf_close(elf);
	if (strncmp(line, "#!", 2) == 0) {
		line[strcspn(line, "\n")] = '\0';
		follow(target, line + 2);
	} else {
		append(target, "/bin/sh"); /* execvp(3) has the shell run what the kernel does not know */
	}
	return true;
}

void sf_target_find(struct sf_target *target, const char *command)
{
	target->count = 0;
	target->error = 0;
	target->unreadable = false;
	target->elf = (struct sf_elf){0};
	append(target, command);
	while (step(target))
		;
}

void sf_target_close(struct sf_target *target)
{
	sf_elf_close(&target->elf);
}
