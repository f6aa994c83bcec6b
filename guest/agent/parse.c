// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

/* Cuts the text at the first `separator`; returns what follows it, or NULL at the end. */
static char *cut(char *text, char separator)
{
	char *at = strchr(text, separator);

	if (!at)
		return NULL;
	*at = 0;
	return at + 1;
}

/* Decimal digits only, below 2^31. */
static int parse_number(const char *text, unsigned long *number)
{
	unsigned long value = 0;

	if (!*text)
		return EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return EINVAL;
		value = value * 10 + (unsigned long)(*text - '0');
		if (value >> 31)
			return EINVAL;
	}
	*number = value;
	return 0;
}

static int parse_word(char *word, struct workload *workload, int *has_vcpu)
{
	char *value = cut(word, '=');
	unsigned long number = 0;

	if (!value)
		return EINVAL;
	if (!strcmp(word, "run")) {
		workload->kind = find_kind(value);
		return workload->kind ? 0 : ENOSYS;
	}
	if (parse_number(value, &number))
		return EINVAL;
	if (!strcmp(word, "vcpu")) {
		workload->vcpu = (unsigned int)number;
		*has_vcpu = 1;
		return number < RS_MAX_VCPUS ? 0 : EINVAL;
	}
	if (!strcmp(word, "pages"))
		workload->pages = number;
	else if (!strcmp(word, "repeat"))
		workload->repeat = number;
	else
		return EINVAL;
	return 0;
}

static void parse_line(char *line, struct workload *workload)
{
	char *next;
	int has_vcpu = 0;

	for (; line && !workload->error; line = next) {
		next = cut(line, ' ');
		if (*line)
			workload->error = parse_word(line, workload, &has_vcpu);
		if (workload->error)
			printf("agent: workload line %u: cannot do '%s'\n", workload->index, line);
	}
	if (!workload->error && (!workload->kind || !has_vcpu)) {
		printf("agent: workload line %u: vcpu= and run= are both needed\n", workload->index);
		workload->error = EINVAL;
	}
}

unsigned int parse_workloads(char *text, struct workload *workloads)
{
	unsigned int index = 0, found = 0;
	char *next;

	for (; text; text = next, index++) {
		next = cut(text, '\n');
		if (!*text)
			continue;
		if (found == MAX_WORKLOADS) {
			printf("agent: more than %u workloads\n", MAX_WORKLOADS);
			workloads[MAX_WORKLOADS - 1].error = E2BIG;
			break;
		}
		memset(&workloads[found], 0, sizeof(workloads[found]));
		workloads[found].index = index;
		workloads[found].pages = 1;
		workloads[found].repeat = 1;
		parse_line(text, &workloads[found]);
		found++;
	}
	return found;
}
