/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor of every run: a program that does nothing, linked as vkept is. */
int
main(void)
{
	return 0;
}
