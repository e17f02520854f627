/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the instruction set against another decoder: the same length and the same name, for
 * every opcode of the maps they cover, with every ModRM byte and the prefixes that tell apart.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "x86/x86.h"

#define SHOWN 20

static unsigned passed, failed;

/* Instruction sets whose names are known here; CPUID offers fewer. */
static bool
is_covered(ZydisISAExt set)
{
	static const ZydisISAExt covered[] = {ZYDIS_ISA_EXT_BASE, ZYDIS_ISA_EXT_LONGMODE,
	    ZYDIS_ISA_EXT_PAUSE, ZYDIS_ISA_EXT_CLFSH, ZYDIS_ISA_EXT_MMX, ZYDIS_ISA_EXT_SSE,
	    ZYDIS_ISA_EXT_SSE2, ZYDIS_ISA_EXT_SSE3, ZYDIS_ISA_EXT_SSSE3, ZYDIS_ISA_EXT_SSE4,
	    ZYDIS_ISA_EXT_X87, ZYDIS_ISA_EXT_AES, ZYDIS_ISA_EXT_PCLMULQDQ, ZYDIS_ISA_EXT_MOVBE,
	    ZYDIS_ISA_EXT_VTX, ZYDIS_ISA_EXT_VMFUNC, ZYDIS_ISA_EXT_SVM, ZYDIS_ISA_EXT_SMX,
	    ZYDIS_ISA_EXT_SMAP, ZYDIS_ISA_EXT_MONITOR, ZYDIS_ISA_EXT_RDRAND, ZYDIS_ISA_EXT_RDSEED,
	    ZYDIS_ISA_EXT_RDTSCP, ZYDIS_ISA_EXT_PREFETCHWT1, ZYDIS_ISA_EXT_AMD3DNOW_PREFETCH};
	size_t i;

	for (i = 0; i < sizeof(covered) / sizeof(covered[0]); i++) {
		if (covered[i] == set)
			return true;
	}
	return false;
}

/*
 * An instruction of another set is none here, or it is what its encoding is to a processor without
 * that set: a NOP, or the instruction of old whose prefix is ignored.
 */
static bool
is_as_before(const char *ours)
{
	static const char *const old[] = {"", "nop", "bsf", "bsr"};
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (strcmp(old[i], ours) == 0)
			return true;
	}
	return false;
}

static void
compare(ZydisDecoder *decoder, const unsigned char *bytes, size_t size)
{
	char ours[X86_NAME_SIZE];
	unsigned length = x86_name(bytes, size, ours);
	ZydisDecodedInstruction insn;
	bool is_known =
	    ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, bytes, size, &insn));
	const char *theirs = is_known ? ZydisMnemonicGetString(insn.mnemonic) : "";
	unsigned their_length = is_known ? insn.length : 0, i;

	if ((length == their_length && strcmp(ours, theirs) == 0) ||
	    (is_known && !is_covered(insn.meta.isa_ext) && is_as_before(ours))) {
		passed++;
		return;
	}
	if (failed++ >= SHOWN)
		return;
	for (i = 0; i < 8; i++)
		printf("%02x ", bytes[i]);
	printf(": found '%s' %u, expected '%s' %u\n", ours, length, theirs, their_length);
}

static bool
is_left_out(unsigned map, unsigned opcode)
{
	static const unsigned char prefixes[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
	    0x67, 0xf0, 0xf2, 0xf3, 0xc4, 0xc5, 0x62};

	/* 0F 1A and 0F 1B are NOPs, of which MPX has made instructions with holes. */
	if (map != 0)
		return map == 1 &&
		    (opcode == 0x38 || opcode == 0x3a || opcode == 0x1a || opcode == 0x1b);
	return (opcode & 0xf0) == 0x40 || memchr(prefixes, (int)opcode, sizeof(prefixes)) != NULL;
}

static void
compare_one(ZydisDecoder *decoder, unsigned prefix, unsigned w, unsigned map, unsigned opcode,
    unsigned modrm)
{
	unsigned char bytes[16] = {0};
	unsigned n = 0;

	if (prefix != 0)
		bytes[n++] = (unsigned char)prefix;
	if (w)
		bytes[n++] = 0x48;
	if (map != 0)
		bytes[n++] = 0x0f;
	if (map > 1)
		bytes[n++] = map == 2 ? 0x38 : 0x3a;
	bytes[n++] = (unsigned char)opcode;
	bytes[n] = (unsigned char)modrm;
	compare(decoder, bytes, 15);
}

static void
compare_opcode(ZydisDecoder *decoder, unsigned map, unsigned opcode)
{
	static const unsigned char prefixes[] = {0, 0x66, 0xf3, 0xf2};
	unsigned p, w, modrm;

	for (p = 0; p < 4; p++) {
		for (w = 0; w < 2; w++) {
			for (modrm = 0; modrm < 256; modrm++)
				compare_one(decoder, prefixes[p], w, map, opcode, modrm);
		}
	}
}

int
main(void)
{
	ZydisDecoder decoder;
	unsigned map, opcode;

	if (!ZYAN_SUCCESS(
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
		return 1;
	for (map = 0; map < 4; map++) {
		for (opcode = 0; opcode < 256; opcode++) {
			if (!is_left_out(map, opcode))
				compare_opcode(&decoder, map, opcode);
		}
	}
	printf("# cases: %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
