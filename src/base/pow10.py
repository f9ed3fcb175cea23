#!/usr/bin/env python3
"""Write pow10.inc.h: the powers of ten that number_real.c multiplies by.

Row k holds floor(10^k / 2^e) for the e that makes it a 128-bit number with its top bit set.
"""
FIRST, LAST = -342, 324


def row(k):
    if k >= 0:
        value = 10**k
        shift = value.bit_length() - 128
        top = value >> shift if shift >= 0 else value << -shift
    else:
        divisor = 10**-k
        shift = divisor.bit_length() + 127
        top = (1 << shift) // divisor
        if top.bit_length() > 128:
            top = (1 << (shift - 1)) // divisor
    assert top.bit_length() == 128 and top + 1 < 1 << 128
    return top


def main():
    out = ["/* pow10.inc.h -- written by pow10.py: the top 128 bits of 10^k, rounded down,",
           " * {high, low}, for k from POW10_FIRST to POW10_LAST. */",
           f"enum {{ POW10_FIRST = {FIRST}, POW10_LAST = {LAST} }};",
           "static const uint64_t pow10_bits[POW10_LAST - POW10_FIRST + 1][2] = {"]
    for k in range(FIRST, LAST + 1):
        top = row(k)
        out.append(f"    {{0x{top >> 64:016x}u, 0x{top & (1 << 64) - 1:016x}u}}, /* {k} */")
    out.append("};")
    print("\n".join(out))


main()
