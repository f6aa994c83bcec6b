#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The agent's parser, compiled for this machine; and the ABI header as C and as C++.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$scratch/test.c" <<'EOF'
#include "agent.h"
static const struct kind spin = { "spin", 1, 0 };
const struct kind *find_kind(const char *name) { return strcmp(name, "spin") ? 0 : &spin; }
static struct workload w[MAX_WORKLOADS];
static unsigned int parse(const char *text)
{
	static char copy[RS_WORKLOAD_BYTES + 1];
	strcpy(copy, text);
	return parse_workloads(copy, w);
}
static int check(int line, int ok) { if (!ok) fprintf(stderr, "line %d\n", line); return !ok; }
#define CHECK(ok) bad += check(__LINE__, ok)
int main(void)
{
	int bad = 0, i;
	char many[RS_WORKLOAD_BYTES + 1] = "";
	CHECK(parse("") == 0);
	CHECK(parse("\n\n") == 0);
	CHECK(parse("vcpu=3 run=spin pages=7 repeat=9") == 1 && !w[0].error && w[0].vcpu == 3 && w[0].pages == 7 &&
	      w[0].repeat == 9 && w[0].kind == &spin && w[0].index == 0);
	CHECK(parse("\nvcpu=0 run=spin\n\nvcpu=1  run=spin\n") == 2 && w[0].index == 1 && w[1].index == 3 && !w[1].error);
	CHECK(parse("vcpu=0 run=spin") == 1 && w[0].pages == 1 && w[0].repeat == 1);
	CHECK(parse("vcpu=0 run=dance") == 1 && w[0].error == ENOSYS);
	CHECK(parse("run=spin") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=0") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=8 run=spin") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=-1 run=spin") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu= run=spin") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=0 run=spin pages=99999999999999999999") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=0 run=spin colour=1") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=0 run=spin loose") == 1 && w[0].error == EINVAL);
	CHECK(parse("vcpu=0 run=dance\nvcpu=0 run=spin") == 2 && w[0].error && !w[1].error);
	for (i = 0; i < 40; i++)
		strcat(many, "vcpu=0 run=spin\n");
	CHECK(parse(many) == MAX_WORKLOADS && w[MAX_WORKLOADS - 1].error == E2BIG);
	return bad != 0;
}
EOF
expect "the parser compiles" gcc -std=gnu11 -g -fsanitize=address,undefined -Wall -Wextra -Werror -include stdio.h \
  -include string.h -include errno.h -I"$tree/guest/agent" -I"$tree/guest/abi" -o "$scratch/test" "$scratch/test.c" \
  "$tree/guest/agent/parse.c"
expect "and reads good and bad lines" "$scratch/test" >/dev/null
# A compiler may have a store through a volatile pointer move the pointer, too, which KVM cannot emulate.
expect "arm64: devices are accessed by assembly only" not grep -q 'volatile [^(]' "$tree/guest/agent/bare_arm64.c"
for language in c c++; do
  expect "the ABI header is $language" gcc -x $language -Wall -Wextra -Wpedantic -Werror \
    -fsyntax-only "$tree/guest/abi/remapstorm_abi.h"
done
finish
