/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The formats of this project's words: paging-structure entries, control registers, exit
 * qualifications and the like, one table of rows a format.
 *
 * The same rows decode a value, encode one from names, and serve whoever compares or draws two of
 * them.  A row says which bits it covers, what 0 and 1 mean, and when it applies: at which levels,
 * on which machine, for which values (an entry that maps a page has other fields than one that
 * refers to a table).  For any view and any value, the rows that apply cover each of the 64 bits
 * once.
 *
 * Nothing here allocates, prints or keeps state.  All strings are constant, in ASCII.
 */
#ifndef VK_BITS_BITS_H
#define VK_BITS_BITS_H

#include "base/ptlevel.h"

/* What a processor has, or has switched on, that changes what a bit means. */
#define BITS_NXE VK_BIT(0)        /* IA32_EFER.NXE: bit 63 of a guest entry is XD */
#define BITS_SMEP VK_BIT(1)       /* CR4.SMEP: #PF error codes report fetches */
#define BITS_PGE VK_BIT(2)        /* CR4.PGE: global pages */
#define BITS_PKE VK_BIT(3)        /* CR4.PKE: protection keys of user-mode addresses */
#define BITS_PKS VK_BIT(4)        /* CR4.PKS: protection keys of supervisor-mode addresses */
#define BITS_PCIDE VK_BIT(5)      /* CR4.PCIDE: CR3 holds a PCID */
#define BITS_LA57 VK_BIT(6)       /* CR4.LA57: guest tables have level 5 */
#define BITS_PAGE1G VK_BIT(7)     /* 1 GiB guest pages */
#define BITS_EPT_AD VK_BIT(8)     /* EPT accessed and dirty flags: supported and, for entries, on */
#define BITS_EPT_2M VK_BIT(9)     /* 2 MiB EPT pages */
#define BITS_EPT_1G VK_BIT(10)    /* 1 GiB EPT pages */
#define BITS_EPT_XO VK_BIT(11)    /* execute-only EPT entries */
#define BITS_EPT_5L VK_BIT(12)    /* 5-level EPT */
#define BITS_EPT_MBEC VK_BIT(13)  /* mode-based execute control is on */
#define BITS_EPT_SPP VK_BIT(14)   /* sub-page write permission is on */
#define BITS_EPT_VE VK_BIT(15)    /* EPT-violation #VE is on */
#define BITS_EPT_PW VK_BIT(16)    /* EPT paging-write control is on */
#define BITS_EPT_VGP VK_BIT(17)   /* verify guest paging is on */
#define BITS_EPT_SSS VK_BIT(18)   /* supervisor shadow-stack control: as BITS_EPT_AD */
#define BITS_ADV_INFO VK_BIT(19)  /* advanced information about EPT violations */
#define BITS_ASYNC VK_BIT(20)     /* exits may be asynchronous to the instruction (tracing) */
#define BITS_FEATURES VK_BITS(20, 0)

struct bits_machine {
	unsigned maxphyaddr; /* 32 to 52 */
	uint64_t features;   /* BITS_NXE and so on */
};

struct bits_row;
struct bits_rule;

/* One format.  The rows and rules are the room's own; users read the rest. */
struct bits_format {
	const char *name;    /* as in `--as NAME`; lower case, unique */
	const char *summary; /* a phrase for lists */
	const char *tag;     /* where it is specified; docs/SPEC-REFS.md */
	const char *const *entry; /* names of an entry by level (1..5), NULL without levels */
	const struct bits_row *row;
	size_t rows;
	const struct bits_rule *rule;
	size_t rules;
	uint64_t facts; /* that always hold in this format */
};

/* What every question is asked about. */
struct bits_view {
	const struct bits_format *format;
	unsigned level; /* 1..5 when format->entry is not NULL, else unused */
	struct bits_machine machine;
};

enum bits_kind {
	BITS_FLAG,   /* one bit; 0 and 1 have meanings of their own */
	BITS_NUMBER, /* any number; some may have names */
	BITS_CHOICE, /* one of the named values; others are reserved */
	BITS_FRAME,  /* the upper bits of an address */
	BITS_ZERO,   /* reserved: must be 0 */
	BITS_ONE,    /* reserved: must be all ones */
	BITS_FREE    /* ignored by the processor, or undefined */
};

enum bits_state {
	BITS_CLEAR,        /* all zero, as may be */
	BITS_SET,          /* not all zero, as may be */
	BITS_FREE_SET,     /* something is set where nothing looks */
	BITS_RESERVED_BAD, /* reserved bits hold what they must not */
	BITS_VALUE_BAD     /* a choice holds a reserved value */
};

/* One field of one value. */
struct bits_field {
	const char *name; /* NULL where bits have none */
	enum bits_kind kind;
	enum bits_state state;
	unsigned high, low;     /* bits high..low, inclusive */
	uint64_t mask;          /* of those bits, in place */
	uint64_t value;         /* shifted down to bit 0; of a BITS_FRAME the address, in place */
	const char *value_name; /* of a choice or of a number that has one, else NULL */
	const char *meaning;    /* of this value, in plain English */
};

#define BITS_FIELDS_MAX 64

enum bits_status {
	BITS_OK,
	BITS_BAD_LEVEL,   /* the format has levels and this is none of them */
	BITS_BAD_MACHINE, /* MAXPHYADDR or features out of range */
	BITS_BAD_NAME,    /* no field of that name */
	BITS_BAD_PLACE,   /* a field, but not of such a value or level */
	BITS_BAD_VALUE,   /* the field cannot hold that */
	BITS_BAD_TWICE    /* two words give the same bit */
};

#define BITS_ERROR_TEXT 1024

#define BITS_SEPARATORS " ,|\t\n\r" /* of words that bits_encode() reads */

/* What bits_encode() could not accept. */
struct bits_error {
	enum bits_status status;
	size_t offset, length; /* of the word in the text; 0, 0 when it is not about a word */
	char text[BITS_ERROR_TEXT]; /* one line, no newline, never unterminated */
};

/* The format of that name, whatever its case, or NULL. */
const struct bits_format *bits_format_find(const char *name);

/*
 * The format that calls its entries so at some level, which goes to *level, or NULL: "pde" is a
 * guest-pte of level 2.  A hyphen stands for a space.
 */
const struct bits_format *bits_format_of_entry(const char *name, unsigned *level);

/* Formats in the order in which to list them; NULL from the last on. */
const struct bits_format *bits_format_at(size_t index);

/*
 * Whether a view can be asked about: BITS_OK, BITS_BAD_LEVEL or BITS_BAD_MACHINE.  The functions
 * below give no fields, no masks, no notes and no text for a view that cannot.
 */
enum bits_status bits_check(const struct bits_view *view);

/*
 * Takes a value apart.  Fills field[] from the lowest bits to the highest and returns how many
 * there are; together they cover bits 63 to 0 once.
 */
size_t bits_decode(const struct bits_view *view, uint64_t value,
    struct bits_field field[BITS_FIELDS_MAX]);

/* The bits of a value by what may be in them.  They depend on the value only by its shape. */
struct bits_masks {
	uint64_t zero; /* reserved, must be 0 */
	uint64_t one;  /* reserved, must be 1 */
	uint64_t free; /* ignored or undefined */
	uint64_t bad;  /* those bits of the value that break `zero`, `one` or a choice */
};

/* Fills *masks for one value.  [EPT-ENTRY] [GUEST-ENTRY] */
void bits_masks_get(const struct bits_view *view, uint64_t value, struct bits_masks *masks);

/*
 * What no single field can tell: combinations of fields that are wrong or have a meaning of their
 * own.  Returns one sentence a call, NULL at the end; *next starts at 0.
 */
const char *bits_note(const struct bits_view *view, uint64_t value, size_t *next);

/*
 * Writes one field as bits_encode() reads it: "RW", "frame=0x1000", "memtype=WB", "bit52",
 * "bits[58:52]=0x3"; nothing for clear flags and for clear bits without a name.  Returns the length
 * of the whole text, as snprintf does; the part that fits is terminated.
 */
size_t bits_write_field(const struct bits_field *field, char *buf, size_t size);

/*
 * Writes a value as one line of fields, lowest first, as bits_encode() reads it, for instance
 * "P RW US A frame=0x10000"; numbers and frames that are 0 are left out, and a value without
 * anything to say is "0".  Returns as bits_write_field() does.
 */
size_t bits_write_short(const struct bits_view *view, uint64_t value, char *buf, size_t size);

/*
 * Puts a value together from words: separated by spaces, commas or bars, in any order and case.
 *
 *	NAME		a flag, or any field of one bit, set
 *	NAME=VALUE	a number (decimal, 0x, K M G T), a name of a value, or a frame's address
 *	bitN, bits[H:L]=NUMBER	bits by position, reserved and ignored ones included
 *	NUMBER		all bits of it
 *
 * Reserved bits are taken as given: bits_masks_get() tells.  For every value of a view,
 * bits_encode() of bits_write_short() is the value.  On anything but BITS_OK *value is unchanged
 * and *error describes the first word that is wrong, with the nearest name and all names.
 */
enum bits_status bits_encode(const struct bits_view *view, const char *text, uint64_t *value,
    struct bits_error *error);

#endif
