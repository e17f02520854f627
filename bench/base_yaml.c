/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor of reading a scenario: libyaml's events of the file named, and nothing done with them.
 */
#include <stdio.h>
#include <yaml.h>

int
main(int argc, char **argv)
{
	yaml_parser_t parser;
	yaml_event_t event;
	int done = 0;
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (file == NULL || !yaml_parser_initialize(&parser))
		return 1;
	yaml_parser_set_input_file(&parser, file);
	while (!done) {
		if (!yaml_parser_parse(&parser, &event))
			return 1;
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	fclose(file);
	return 0;
}
