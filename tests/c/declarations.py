# SPDX-License-Identifier: GPL-3.0-or-later
"""Write C from the declarations of a header of the library.

usage: declarations.py layout HEADER
       declarations.py values HEADER
       declarations.py tables HEADER FIRST
       declarations.py functions HEADER

layout     program that asserts the rules for structures and prints their layouts
values     program that prints all that programs compiled with HEADER rely on, and
           that compiles with no later header that declares a function differently
tables     macros: the constants of each enum, the members of each structure, and the
           sizes that structures had in FIRST, the header of the first version
functions  names of the functions

Fails if there is something in HEADER that this does not know."""

import pathlib
import re
import sys

PREFIX = "guix_docker_"


class Header:
    """Declarations of a header, in their order."""

    def __init__(self, name):
        text = pathlib.Path(name).read_text(encoding="utf-8")
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
        # Names of members by the name of the structure, and of constants by that of
        # the enum, both without prefixes.
        self.structures = {}
        self.enums = {}
        self.constants = []
        self.functions = {}
        for pattern, note in (
                (r"typedef struct guix_docker_(\w+) \{([^}]*)\} guix_docker_\1;", self.structure),
                (r"^enum guix_docker_(\w+)\n(?:#.*\n| *: u?int32_t\n)* *\{([^}]*)\};"
                 r"(?:\n#.*|\ntypedef (?:enum guix_docker_\1|u?int32_t) guix_docker_\1;)*",
                 self.enum),
                (r"^#define (GUIX_DOCKER_\w+) .+$", self.constant),
                (r"^typedef int \(\*guix_docker_\w+\)\([^)]*\);", lambda match: None),
                (r"^(?:const )?\w+ \*?(\w+)\([^)]*\);", self.function)):
            for match in re.finditer(pattern, text, re.MULTILINE):
                note(match)
            text = re.sub(pattern, "", text, flags=re.MULTILINE)
        rest = re.sub(r'^#.*|^extern "C" \{|^\}', "", text, flags=re.MULTILINE).split()
        if rest or not self.structures or not self.enums or not self.functions:
            sys.exit(f"declarations.py: {name}: not understood: {' '.join(rest)[:500]}")

    def structure(self, match):
        members = [member.strip() for member in match[2].split(";")]
        members = [re.fullmatch(r"[\w *]*[ *](\w+)", member) for member in members if member]
        if not all(members):
            sys.exit(f"declarations.py: members of {match[1]} are not understood")
        self.structures[match[1]] = [member[1] for member in members]

    def enum(self, match):
        start = f"GUIX_DOCKER_{match[1].upper()}_"
        words = [word.split("=")[0].strip() for word in match[2].split(",")]
        words = [word for word in words if word]
        if not all(word.startswith(start) for word in words):
            sys.exit(f"declarations.py: constants of {match[1]} have other names: {words}")
        self.enums[match[1]] = [word.removeprefix(start) for word in words]

    def constant(self, match):
        # The version is another one in each header.
        if match[1] != "GUIX_DOCKER_VERSION_NUMBER":
            self.constants.append(match[1])

    def function(self, match):
        self.functions[match[1]] = match[0]


def members_of(header):
    """The type and the name of each member of all structures."""
    return [(f"struct {PREFIX}{structure}", structure, member)
            for structure, members in header.structures.items() for member in members]


def constants_of(header):
    return header.constants + [f"GUIX_DOCKER_{enum.upper()}_{word}"
                               for enum, words in header.enums.items() for word in words]


START = """\
/* Written by declarations.py.  */

#include <stddef.h>
#if __STDC_HOSTED__
# include <stdio.h>
#endif

#include <guix_docker.h>

#define PLACE(type, member) offsetof (type, member)
#define SIZE(type, member) sizeof (((type *) 0)->member)
"""


def print_layout(header):
    """A structure begins with its size.  Padding at its end, which a later version
    would put a member into, would hold whatever an earlier program left there."""
    print(START)
    print("/* An array of no size does not compile.  */\n"
          "#define ASSERT(name, condition) extern const char name[(condition) ? 1 : -1];\n")
    for structure, members in header.structures.items():
        kind, last = f"struct {PREFIX}{structure}", members[-1]
        print(f"ASSERT ({structure}_begins_with_its_size,\n"
              f"        PLACE ({kind}, struct_size) == 0\n"
              f"        && SIZE ({kind}, struct_size) == 4\n"
              f"        && (uint32_t) -1 > 0)\n"
              f"ASSERT ({structure}_does_not_end_in_padding,\n"
              f"        PLACE ({kind}, {last}) + SIZE ({kind}, {last}) == sizeof ({kind}))")
    print("\n#if __STDC_HOSTED__\nint\nmain (void)\n{")
    for structure in header.structures:
        print(f'  printf ("{structure} %lu\\n",\n'
              f"          (unsigned long) sizeof (struct {PREFIX}{structure}));")
    for kind, structure, member in members_of(header):
        print(f'  printf ("{structure}.{member} %lu %lu\\n",\n'
              f"          (unsigned long) PLACE ({kind}, {member}),\n"
              f"          (unsigned long) SIZE ({kind}, {member}));")
    print("  return 0;\n}\n#endif")


def print_values(header):
    """The values are in an array, too, for machines that have nothing but a
    compiler."""
    print(START)
    for declaration in header.functions.values():
        print(declaration)
    rows = [(f"{structure}.{member}", f"PLACE ({kind}, {member})", f"SIZE ({kind}, {member})")
            for kind, structure, member in members_of(header)]
    rows += [(constant, constant, f"({constant} > 0)") for constant in constants_of(header)]
    print("\nconst long long values[][2] = {")
    for _, one, other in rows:
        print(f"  {{ (long long) {one}, (long long) {other} }},")
    print("};\n\n#if __STDC_HOSTED__\nstatic const char *const names[] = {")
    for name, _, _ in rows:
        print(f'  "{name}",')
    print("};\n\nint\nmain (void)\n{\n  size_t index;\n\n"
          "  for (index = 0; index < sizeof values / sizeof *values; index++)\n"
          '    printf ("%s %lld %lld\\n", names[index], values[index][0], values[index][1]);\n'
          "  return 0;\n}\n#endif")


def print_tables(header, first):
    print("/* Written by declarations.py.  */\n\n#ifndef TABLES_H\n#define TABLES_H\n\n"
          "/* Each enum by its name.  */\n#define ENUMS(ENUM) \\\n  "
          + " \\\n  ".join(f"ENUM ({enum})" for enum in header.enums))
    for enum, words in header.enums.items():
        print(f"\n#define CONSTANTS_OF_{enum}(CONSTANT) \\\n  "
              + " \\\n  ".join(f'CONSTANT (GUIX_DOCKER_{enum.upper()}_{word}, "{word}")'
                               for word in words))
    for structure, members in header.structures.items():
        print(f"\n#define MEMBERS_OF_{structure}(MEMBER) \\\n  "
              + " \\\n  ".join(f"MEMBER ({member})" for member in members))
    print("\n/* The sizes of structures in the first version.  */")
    for structure, members in first.structures.items():
        kind, last = f"struct {PREFIX}{structure}", members[-1]
        print(f"#define FIRST_SIZE_OF_{structure} \\\n"
              f"  (offsetof ({kind}, {last}) \\\n"
              f"   + sizeof (((const {kind} *) 0)->{last}))")
    print("\n#endif")


def main():
    what, *names = sys.argv[1:]
    headers = [Header(name) for name in names]
    if what == "functions":
        print(*sorted(headers[0].functions), sep="\n")
    else:
        {"layout": print_layout, "values": print_values, "tables": print_tables}[what](*headers)


if __name__ == "__main__":
    main()
