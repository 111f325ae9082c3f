/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program whose running can be seen: it appends a byte to $EFFECT_DIR/EFFECT, where EFFECT is built in, so
 * that neither its name nor its arguments can lie about which program ran. As the interpreter of a script it
 * does what the script says: the script's second line is the effect, unless it is empty.
 */
#ifndef MANTLET_TESTS_EFFECT_H
#define MANTLET_TESTS_EFFECT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *script_effect(const char *path, char line[64])
{
	FILE *file = fopen(path, "re");
	const char *effect = NULL;

	if (!file)
		return NULL;
	if (fgets(line, 64, file) && !strncmp(line, "#!", 2) && fgets(line, 64, file)) {
		line[strcspn(line, "\n")] = 0;
		effect = line[0] ? line : NULL;
	}
	fclose(file);
	return effect;
}

int main(int argc, char **argv)
{
	char line[64], path[4096];
	const char *dir = getenv("EFFECT_DIR"), *effect = NULL;
	int fd;

	if (argc > 1)
		effect = script_effect(argv[1], line);
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", effect ? effect : EFFECT);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 || write(fd, "x", 1) != 1;
}

#endif
