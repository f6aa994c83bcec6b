# SPDX-License-Identifier: Apache-2.0
"""ELF files that pass for a kernel until their first instructions run."""
import struct

BASE = 0x1000000


def tiny_kernel(code, memory_bytes=0x1000, machine=62):
    """An x86-64 executable with one segment at 16 MiB and the symbol _start; `machine` 62 is EM_X86_64."""
    names = b"\0_start\0.symtab\0.strtab\0.shstrtab\0.text\0"
    name = {word: names.index(word.encode()) for word in ("_start", ".symtab", ".strtab", ".text")}
    text_at = 0x1000
    symbols = bytes(24) + struct.pack("<IBBHQQ", name["_start"], 0x12, 0, 1, BASE, len(code))
    symbols_at = text_at + len(code)
    names_at = symbols_at + len(symbols)
    sections_at = names_at + len(names)

    def section(label, kind, flags, address, offset, size, link=0, info=0, entry=0):
        return struct.pack("<IIQQQQIIQQ", label, kind, flags, address, offset, size, link, info, 1, entry)

    sections = (bytes(64) + section(name[".text"], 1, 6, BASE, text_at, len(code))
                + section(name[".symtab"], 2, 0, 0, symbols_at, len(symbols), link=3, info=1, entry=24)
                + section(name[".strtab"], 3, 0, 0, names_at, len(names)))
    header = (b"\x7fELF\x02\x01\x01" + bytes(9)
              + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, BASE, 64, sections_at, 0, 64, 56, 1, 64, 4, 3))
    program = struct.pack("<IIQQQQQQ", 1, 7, text_at, BASE, BASE, len(code), memory_bytes, 0x1000)
    return (header + program).ljust(text_at, b"\0") + code + symbols + names + sections
