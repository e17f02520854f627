/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first program that ran on nested page tables: it prints.
 *
 * printf(3) ends in writev(2); the kernel copies what is printed through the guest's page tables
 * and its own.
 */
#include <stdio.h>

int
main(int argc, char **argv)
{
	int i;

	printf("hello, nested paging\n");
	for (i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	return 0;
}
