/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format tables against themselves (each bit has one field, text and value turn into each
 * other), against formulas written out here, and against the masks of the walkers.
 *
 * [GUEST-ENTRY] [GUEST-CR3] [GUEST-PF-CODE] [GUEST-PKEY] [DF-VPTE] [DF-VPTE-OLD]
 * [EPT-ENTRY] [EPT-NOT-PRESENT] [EPT-MISCONFIG] [EPT-EPTP] [EPT-QUALIFICATION] [EPT-CAP]
 * [EXIT-CR] [EXIT-DR] [EXIT-IO] [VMX-REASON] [VMX-INTR-INFO]
 * [VMX-CONTROLS] [REG-CR] [REG-EFER] [REG-FLAGS]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bits/bits_number.h"
#include "bits/bits_rows.h"
#include "ept/ept_exit.h"
#include "ept/memtype.h"
#include "guestpt/vpte.h"
#include "sim/random_numbers.h"

/* The machine of most examples: what a present-day processor has, keys and extras off. */
#define USUAL                                                                                      \
	(BITS_NXE | BITS_PGE | BITS_PAGE1G | BITS_EPT_AD | BITS_EPT_2M | BITS_EPT_1G | BITS_EPT_XO)

#define SHORT_MAX 2048

static struct bits_view
view_of(const char *name, unsigned level, uint64_t features, unsigned maxphyaddr)
{
	struct bits_view view = { .format = bits_format_find(name), .level = level };

	if (view.format == NULL)
		fail_msg("no format %s", name);
	view.machine.features = features;
	view.machine.maxphyaddr = maxphyaddr;
	return view;
}

/* --- all views, all shapes -------------------------------------------------------------------- */

static const unsigned some_widths[] = { 32, 36, 40, 46, 51, 52 };

/* The features that a format's tables ask about, and the bits on which a value's shape depends. */
static void
format_depends_on(const struct bits_format *format, uint64_t *features, uint64_t *drivers)
{
	size_t i;

	*features = *drivers = 0;
	for (i = 0; i < format->rows; i++)
		*features |= format->row[i].need | format->row[i].without;
	for (i = 0; i < format->rules; i++) {
		*features |= format->rule[i].need | format->rule[i].without;
		*drivers |= format->rule[i].mask;
	}
	*features &= BITS_FEATURES;
}

typedef void visit(void *ctx, const struct bits_view *view, uint64_t value);

/* Calls back for every shape of the view: every combination of the bits that decide it. */
static void
visit_shapes(const struct bits_view *view, uint64_t drivers, visit *callback, void *ctx)
{
	uint64_t value = drivers;

	for (;;) {
		callback(ctx, view, value);
		if (value == 0)
			return;
		value = (value - 1) & drivers;
	}
}

static void
visit_features(struct bits_view *view, visit *callback, void *ctx)
{
	uint64_t features, drivers, chosen;

	format_depends_on(view->format, &features, &drivers);
	chosen = features;
	for (;;) {
		view->machine.features = chosen;
		visit_shapes(view, drivers, callback, ctx);
		if (chosen == 0)
			return;
		chosen = (chosen - 1) & features;
	}
}

static void
visit_format(const struct bits_format *format, visit *callback, void *ctx)
{
	struct bits_view view = { .format = format };
	unsigned level, levels = format->entry != NULL ? VK_LEVELS : 1;
	size_t w;

	for (level = 1; level <= levels; level++) {
		for (w = 0; w < BITS_COUNT(some_widths); w++) {
			view.level = level;
			view.machine.maxphyaddr = some_widths[w];
			visit_features(&view, callback, ctx);
		}
	}
}

static void
visit_all(visit *callback, void *ctx)
{
	const struct bits_format *format;
	size_t i;

	for (i = 0; (format = bits_format_at(i)) != NULL; i++)
		visit_format(format, callback, ctx);
}

static void
check_cover(void *ctx, const struct bits_view *view, uint64_t value)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(view, value, field);
	unsigned next = 0;

	for (i = 0; i < fields; i++) {
		if (field[i].low != next || field[i].high < field[i].low || field[i].high > 63 ||
		    field[i].mask != VK_BITS(field[i].high, field[i].low))
			break;
		next = field[i].high + 1;
	}
	if (i != fields || next != 64)
		fail_msg("%s level %u maxphyaddr %u features %" PRIx64 " value %" PRIx64
		    ": bit %u is not covered once", view->format->name, view->level,
		    view->machine.maxphyaddr, (uint64_t)view->machine.features, value, next);
	++*(unsigned long *)ctx;
}

static void
every_bit_belongs_to_one_field(void **state)
{
	unsigned long views = 0;

	(void)state;
	visit_all(check_cover, &views);
	assert_true(views > 1000000);
}

struct row_use {
	const struct bits_format *format;
	unsigned char used[256];
};

static void
note_rows(void *ctx, const struct bits_view *view, uint64_t value)
{
	uint64_t facts = bits_facts(view, value);
	struct row_use *use = ctx;
	struct bits_span span;
	size_t i;

	for (i = 0; i < view->format->rows; i++)
		use->used[i] |= (unsigned char)bits_row_applies(&view->format->row[i], view, facts,
		    &span);
}

/* The two layouts that share one table each leave out the other's bit 11. */
static int
row_may_be_unused(const struct bits_format *format, const struct bits_row *row)
{
	return strncmp(format->name, "vpte", 4) == 0 && ((row->need | row->without) & FACT_HEAD);
}

static void
every_row_applies_to_some_value(void **state)
{
	const struct bits_format *format;
	struct row_use use;
	size_t i, r;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		memset(&use, 0, sizeof(use));
		assert_true(format->rows <= sizeof(use.used));
		visit_format(format, note_rows, &use);
		for (r = 0; r < format->rows; r++) {
			if (!use.used[r] && !row_may_be_unused(format, &format->row[r]))
				fail_msg("%s: row %zu never applies", format->name, r);
		}
	}
}

static void
check_names_differ(void *ctx, const struct bits_view *view, uint64_t value)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, j, fields = bits_decode(view, value, field);

	(void)ctx;
	for (i = 0; i < fields; i++) {
		for (j = 0; field[i].name != NULL && j < i; j++) {
			if (field[j].name != NULL &&
			    bits_name_equal(field[i].name, field[j].name, strlen(field[j].name)))
				fail_msg("%s: %s names two fields", view->format->name,
				    field[i].name);
		}
	}
}

static void
no_two_fields_of_a_value_have_one_name(void **state)
{
	const struct bits_format *format;
	struct bits_view view;
	uint64_t features, drivers;
	size_t i;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		format_depends_on(format, &features, &drivers);
		for (view.level = 1; view.level <= VK_LEVELS; view.level++) {
			view.format = format;
			view.machine.maxphyaddr = 46;
			view.machine.features = features;
			visit_shapes(&view, drivers, check_names_differ, NULL);
			view.machine.features = 0;
			visit_shapes(&view, drivers, check_names_differ, NULL);
		}
	}
}

static int
is_word(const char *s)
{
	return s[0] != '\0' && strpbrk(s, " ,|=\t\r\n") == NULL && !(s[0] >= '0' && s[0] <= '9') &&
	    strncmp(s, "bit", 3) != 0;
}

static void
names_can_be_read_back(void **state)
{
	const struct bits_format *format;
	size_t i, r;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		assert_ptr_equal(bits_format_find(format->name), format);
		for (r = 0; r < format->rows; r++) {
			const struct bits_row *row = &format->row[r];
			const struct bits_value *v = row->values;

			assert_true(row->name == NULL || is_word(row->name));
			assert_true(row->name != NULL || row->kind >= BITS_ZERO);
			assert_true(format->entry != NULL || row->levels == 0);
			assert_true(row->clear != NULL && row->set != NULL);
			for (; v != NULL && v->name != NULL; v++)
				assert_true(strpbrk(v->name, " ,|=") == NULL);
		}
	}
}

/* --- text and value --------------------------------------------------------------------------- */

/* --- numbers ---------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	enum bits_number status;
	uint64_t number;
} number_rows[] = {
	{ "0", BITS_NUMBER_OK, 0 },
	{ "18446744073709551615", BITS_NUMBER_OK, UINT64_MAX },
	{ "18446744073709551616", BITS_NUMBER_TOO_BIG, UINT64_MAX },
	{ "0xffffffffffffffff", BITS_NUMBER_OK, UINT64_MAX },
	{ "0X00000000000000001f", BITS_NUMBER_OK, 0x1f },
	{ "0x10000000000000000", BITS_NUMBER_TOO_BIG, UINT64_MAX },
	{ "64K", BITS_NUMBER_OK, 65536 },
	{ "0x10m", BITS_NUMBER_OK, 16 << 20 },
	{ "16777215T", BITS_NUMBER_OK, 16777215ull << 40 },
	{ "16777216t", BITS_NUMBER_TOO_BIG, UINT64_MAX },
	{ "1_000_000", BITS_NUMBER_OK, 1000000 },
	{ "0xffff_ffff", BITS_NUMBER_OK, 0xffffffff },
	{ "_1", BITS_NUMBER_NONE, 0 },
	{ "1_", BITS_NUMBER_NONE, 0 },
	{ "1__0", BITS_NUMBER_NONE, 0 },
	{ "0x_1", BITS_NUMBER_NONE, 0 },
	{ "1_K", BITS_NUMBER_NONE, 0 },
	{ "", BITS_NUMBER_NONE, 0 },
	{ "K", BITS_NUMBER_NONE, 0 },
	{ "0x", BITS_NUMBER_NONE, 0 },
	{ "0xK", BITS_NUMBER_NONE, 0 },
	{ "1KK", BITS_NUMBER_NONE, 0 },
	{ "1P", BITS_NUMBER_NONE, 0 },
	{ "12a", BITS_NUMBER_NONE, 0 },
	{ "-1", BITS_NUMBER_NONE, 0 },
	{ "+1", BITS_NUMBER_NONE, 0 },
	{ " 1", BITS_NUMBER_NONE, 0 },
	{ "1 ", BITS_NUMBER_NONE, 0 },
};

static void
numbers_are_read_as_people_write_them(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(number_rows) / sizeof(number_rows[0]); i++) {
		const char *text = number_rows[i].text;
		uint64_t number = 77;
		enum bits_number status = bits_number_read(text, strlen(text), &number);

		if (status != number_rows[i].status ||
		    number != (status == BITS_NUMBER_NONE ? 77 : number_rows[i].number))
			fail_msg("\"%s\": status %d, number %#" PRIx64, text, (int)status, number);
	}
}

/* Dense, sparse and nearly full values, with one bit as a special case. */
static uint64_t
random_value(uint64_t *seed)
{
	uint64_t a = random_splitmix(seed), b = random_splitmix(seed);

	switch (random_splitmix(seed) % 5) {
	case 0:
		return a;
	case 1:
		return a & b & random_splitmix(seed);
	case 2:
		return a | b;
	case 3:
		return a & 0xfff;
	default:
		return VK_BIT(a % 64);
	}
}

static struct bits_view
random_view(const struct bits_format *format, uint64_t *seed)
{
	struct bits_view view = { .format = format };

	view.level = 1 + (unsigned)(random_splitmix(seed) % VK_LEVELS);
	view.machine.maxphyaddr = 32 + (unsigned)(random_splitmix(seed) % 21);
	view.machine.features = random_splitmix(seed) & BITS_FEATURES;
	return view;
}

/* The words of a text in the opposite order, with other separators. */
static void
reverse_words(const char *text, char *buf, size_t size)
{
	const char *end = text + strlen(text);
	struct bits_text out = { buf, size, 0 };

	while (end > text) {
		const char *start = end;

		while (start > text && start[-1] != ' ')
			start--;
		bits_text_add(&out, "%.*s, ", (int)(end - start), start);
		end = start > text ? start - 1 : start;
	}
	assert_true(out.used < size);
}

static void
check_reads_as(const struct bits_view *view, const char *text, uint64_t value)
{
	struct bits_error error;
	uint64_t back = ~value;

	if (bits_encode(view, text, &back, &error) != BITS_OK || back != value)
		fail_msg("%s level %u maxphyaddr %u features %" PRIx64 ": \"%s\" is %" PRIx64
		    ", not %" PRIx64 " %s", view->format->name, view->level,
		    view->machine.maxphyaddr, (uint64_t)view->machine.features, text, back, value,
		    error.text);
}

static void
check_round_trip(const struct bits_view *view, uint64_t value)
{
	char text[SHORT_MAX], reversed[2 * SHORT_MAX];

	assert_true(bits_write_short(view, value, text, sizeof(text)) < sizeof(text));
	check_reads_as(view, text, value);
	reverse_words(text, reversed, sizeof(reversed));
	check_reads_as(view, reversed, value);
}

static void
the_short_form_of_any_value_reads_back_as_that_value(void **state)
{
	const struct bits_format *format;
	uint64_t seed = 20130902;
	size_t i;
	int n;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		for (n = 0; n < 3000; n++) {
			struct bits_view view = random_view(format, &seed);

			check_round_trip(&view, random_value(&seed));
		}
	}
}

static void
fields_put_together_are_the_value(void **state)
{
	const struct bits_format *format;
	uint64_t seed = 7;
	size_t i, f, fields;
	int n;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		for (n = 0; n < 500; n++) {
			struct bits_view view = random_view(format, &seed);
			uint64_t value = random_value(&seed), sum = 0;
			struct bits_field field[BITS_FIELDS_MAX];

			fields = bits_decode(&view, value, field);
			for (f = 0; f < fields; f++)
				sum |= field[f].kind == BITS_FRAME ? field[f].value :
				    field[f].value << field[f].low;
			assert_int_equal(sum, value);
		}
	}
}

struct known {
	const char *format;
	unsigned level;
	uint64_t features;
	uint64_t value;
	const char *text;
};

/* MAXPHYADDR is 40 in all of them. */
static const struct known known[] = {
	{ "guest-pte", 1, USUAL, 0x10027, "P RW US A frame=0x10000" },
	{ "guest-pte", 1, USUAL, 0x8000000000010067, "P RW US A D frame=0x10000 XD" },
	{ "guest-pte", 1, 0, 0x8000000000010067, "P RW US A D frame=0x10000 bit63" },
	{ "guest-pte", 1, USUAL, 0x1181, "P PAT G frame=0x1000" },
	{ "guest-pte", 1, 0, 0x1101, "P bit8 frame=0x1000" },
	{ "guest-pte", 2, USUAL, 0x40000087, "P RW US PS frame=0x40000000" },
	{ "guest-pte", 2, USUAL, 0x40001087, "P RW US PS PAT frame=0x40000000" },
	{ "guest-pte", 2, USUAL, 0x40001007, "P RW US frame=0x40001000" },
	{ "guest-pte", 2, USUAL, 0x40006087, "P RW US PS bits[20:13]=0x3 frame=0x40000000" },
	{ "guest-pte", 3, USUAL, 0x40000087, "P RW US PS frame=0x40000000" },
	{ "guest-pte", 3, 0, 0x40000087, "P RW US bit7 frame=0x40000000" },
	{ "guest-pte", 4, USUAL, 0x10000001087, "P RW US bit7 frame=0x1000 bit40" },
	{ "guest-pte", 1, USUAL | BITS_PKE, 0x2800000000001001, "P frame=0x1000 pkey=0x5" },
	{ "guest-pte", 1, USUAL, 0x2800000000001001, "P frame=0x1000 bits[62:59]=0x5" },
	{ "guest-pte", 1, USUAL, 0x0, "0" },
	{ "guest-pte", 1, USUAL, 0xfff0, "bits[63:1]=0x7ff8" },
	{ "ept", 1, USUAL, 0x1037, "R W X memtype=WB frame=0x1000" },
	{ "ept", 1, USUAL, 0x1377, "R W X memtype=WB IPAT A D frame=0x1000" },
	{ "ept", 1, USUAL, 0x10b7, "R W X memtype=WB bit7 frame=0x1000" },
	{ "ept", 1, 0, 0x1137, "R W X memtype=WB bit8 frame=0x1000" },
	{ "ept", 1, USUAL, 0x1017, "R W X memtype=0x2 frame=0x1000" },
	{ "ept", 1, USUAL, 0x1407, "R W X memtype=UC bit10 frame=0x1000" },
	{ "ept", 1, USUAL | BITS_EPT_MBEC, 0x1400, "memtype=UC XU frame=0x1000" },
	{ "ept", 2, USUAL, 0x10b7, "R W X memtype=WB PS bit12" },
	{ "ept", 2, 0, 0x10b7, "R W X bits[6:3]=0x6 bit7 frame=0x1000" },
	{ "ept", 3, USUAL, 0x1007, "R W X frame=0x1000" },
	{ "ept", 4, USUAL, 0x1087, "R W X bit7 frame=0x1000" },
	{ "ept", 1, USUAL, 0x8000000000001000, "bit12 bit63" },
	{ "ept", 1, USUAL | BITS_EPT_VE, 0x8000000000001000, "bit12 SVE" },
	{ "ept", 1, USUAL | BITS_EPT_SPP, 0x2000000000001001, "R memtype=UC frame=0x1000 SPP" },
	{ "vpte", 0, 0, 0xea3, "V RW A PS WIRED MANAGED NX" },
	{ "vpte", 0, 0, 0x8000000000001147, "V RW U M G frame=0x1000 bit63" },
	{ "vpte-merge", 0, 0, 0xea3, "V RW A PS WIRED MANAGED bit11" },
	{ "vpte-old", 0, 0, 0x10d, "V R W MANAGED" },
	{ "qualification", 0, USUAL, 0x181, "READ GLA FINAL" },
	{ "qualification", 0, USUAL, 0x1aa, "WRITE PERM_R PERM_X GLA FINAL" },
	{ "qualification", 0, USUAL, 0x83, "READ WRITE GLA" },
	{ "qualification", 0, USUAL, 0x101, "READ bit8" },
	{ "qualification", 0, USUAL, 0xf81, "READ GLA FINAL bit9 bit10 bit11" },
	{ "qualification", 0, USUAL | BITS_ADV_INFO, 0xf81, "READ GLA FINAL USER WRITABLE XD" },
	{ "qualification", 0, USUAL | BITS_ADV_INFO, 0xe81, "READ GLA bits[11:9]=0x7" },
	{ "qualification-cr", 0, 0, 0x003, "CR=CR3 access=to-CR register=RAX" },
	{ "qualification-cr", 0, 0, 0xf18, "CR=CR8 access=from-CR register=R15" },
	{ "qualification-cr", 0, 0, 0xbeef0070, "CR=CR0 access=LMSW MEM source=0xbeef" },
	{ "qualification-cr", 0, 0, 0x10020, "CR=CR0 access=CLTS bit16" },
	{ "qualification-dr", 0, 0, 0x317, "DR=0x7 FROM register=RBX" },
	{ "qualification-io", 0, 0, 0x3f80048, "size=1-byte IN IMM port=0x3f8" },
	{ "qualification-io", 0, 0, 0x30, "size=1-byte STRING REP" },
	{ "eptp", 0, USUAL, 0x105e, "memtype=WB walk=4-level AD frame=0x1000" },
	{ "eptp", 0, 0, 0x105e, "memtype=WB walk=4-level bit6 frame=0x1000" },
	{ "eptp", 0, 0, 0x1026, "memtype=WB walk=0x4 frame=0x1000" },
	{ "eptp", 0, BITS_EPT_5L, 0x1026, "memtype=WB walk=5-level frame=0x1000" },
	{ "cr3", 0, 0, 0x100018, "PWT PCD frame=0x100000" },
	{ "cr3", 0, 0, 0x100001, "bit0 frame=0x100000" },
	{ "cr3", 0, BITS_PCIDE, 0x8000000000100018, "PCID=0x18 frame=0x100000 KEEP" },
	{ "cr3", 0, 0, 0xc000000000100000, "frame=0x100000 bits[63:40]=0xc00000" },
	{ "cr0", 0, 0, 0x80010033, "PE MP ET NE WP PG" },
	{ "cr4", 0, 0, 0x370678,
	    "DE PSE PAE MCE OSFXSR OSXMMEXCPT FSGSBASE PCIDE OSXSAVE SMEP SMAP" },
	{ "efer", 0, 0, 0xd01, "SCE LME LMA NXE" },
	{ "rflags", 0, 0, 0x40246, "bit1 PF ZF IF AC" },
	{ "rflags", 0, 0, 0x3002, "bit1 IOPL=0x3" },
	{ "error-code", 0, USUAL, 0x15, "P US ID" },
	{ "error-code", 0, 0, 0x15, "P US bit4" },
	{ "error-code", 0, 0, 0xf, "P W US RSVD" },
	{ "error-code", 0, BITS_PKS, 0x21, "P PK" },
	{ "interruption-info", 0, 0, 0x80000306, "vector=#UD type=hw-exception VALID" },
	{ "interruption-info", 0, 0, 0x80000b0e, "vector=#PF type=hw-exception ERROR-CODE VALID" },
	{ "interruption-info", 0, 0, 0x80000202, "vector=0x2 type=NMI VALID" },
	{ "interruption-info", 0, 0, 0x306, "bits[30:0]=0x306" },
	{ "interruption-info", 0, 0, 0x80000480, "vector=0x80 type=0x4 VALID" },
	{ "idt-vectoring-info", 0, 0, 0x80001480, "vector=0x80 type=sw-interrupt bit12 VALID" },
	{ "entry-interruption-info", 0, 0, 0x80000700, "type=other VALID" },
	{ "exit-reason", 0, 0, 48, "reason=EPT-violation" },
	{ "exit-reason", 0, 0, 0x80000021, "reason=bad-guest-state ENTRY-FAILURE" },
	{ "exit-reason", 0, 0, 0x45, "reason=0x45" },
	{ "pat", 0, 0, PAT_RESET,
	    "PA0=WB PA1=WT PA2=UC- PA3=UC PA4=WB PA5=WT PA6=UC- PA7=UC" },
	{ "ept-vpid-cap", 0, 0, 0xf0106334141,
	    "XO WALK4 UC WB PAGE2M PAGE1G INVEPT AD INVEPT-SINGLE INVEPT-ALL INVVPID INVVPID-ADDR "
	    "INVVPID-SINGLE INVVPID-ALL INVVPID-LOCAL" },
	{ "pkru", 0, 0, 0x80000009, "AD0 WD1 WD15" },
	{ "pin-controls", 0, 0, 0x3f,
	    "external-interrupt bits[2:1]=0x3 NMI bit4 virtual-NMIs" },
	{ "primary-controls", 0, 0, 0x80000080, "HLT secondary" },
	{ "secondary-controls", 0, 0, 0x640022, "EPT VPID VE PASID MBEC" },
	/* With every bit set, each name is at its place. */
	{ "cr0", 0, BITS_FEATURES, ~0ull,
	    "PE MP EM TS ET NE bits[15:6]=0x3ff WP bit17 AM bits[28:19]=0x3ff NW CD PG "
	    "bits[63:32]=0xffffffff" },
	{ "cr4", 0, BITS_FEATURES, ~0ull,
	    "VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57 VMXE SMXE "
	    "bit15 FSGSBASE PCIDE OSXSAVE KL SMEP SMAP PKE CET PKS UINTR "
	    "bits[63:26]=0x3fffffffff" },
	{ "efer", 0, BITS_FEATURES, ~0ull,
	    "SCE bits[7:1]=0x7f LME bit9 LMA NXE bits[63:12]=0xfffffffffffff" },
	{ "rflags", 0, BITS_FEATURES, ~0ull,
	    "CF bit1 PF bit3 AF bit5 ZF SF TF IF DF OF IOPL=0x3 NT bit15 RF VM AC VIF "
	    "VIP ID bits[63:22]=0x3ffffffffff" },
	{ "error-code", 0, BITS_FEATURES, ~0ull,
	    "P W US RSVD ID PK SS HLAT bits[14:8]=0x7f SGX bits[63:16]=0xffffffffffff" },
	{ "pin-controls", 0, BITS_FEATURES, ~0ull,
	    "external-interrupt bits[2:1]=0x3 NMI bit4 virtual-NMIs preemption-timer "
	    "posted-interrupts bits[63:8]=0xffffffffffffff" },
	{ "primary-controls", 0, BITS_FEATURES, ~0ull,
	    "bit0 bit1 interrupt-window TSC-offsetting bits[6:4]=0x7 HLT bit8 INVLPG "
	    "MWAIT RDPMC RDTSC bits[14:13]=0x3 CR3-load CR3-store tertiary bit18 "
	    "CR8-load CR8-store TPR-shadow NMI-window MOV-DR unconditional-IO "
	    "IO-bitmaps bit26 monitor-trap MSR-bitmaps MONITOR PAUSE secondary "
	    "bits[63:32]=0xffffffff" },
	{ "secondary-controls", 0, BITS_FEATURES, ~0ull,
	    "APIC-accesses EPT descriptor-table RDTSCP x2APIC VPID WBINVD "
	    "unrestricted-guest APIC-registers interrupt-delivery PAUSE-loop RDRAND "
	    "INVPCID VMFUNC VMCS-shadowing ENCLS RDSEED PML VE PT-conceal XSAVES PASID "
	    "MBEC SPP PT-GPA TSC-scaling user-wait PCONFIG ENCLV bit29 bus-lock "
	    "instruction-timeout bits[63:32]=0xffffffff" },
	{ "exit-reason", 0, BITS_FEATURES, ~0ull,
	    "reason=0xffff bits[26:16]=0x7ff ENCLAVE MTF ROOT bit30 ENTRY-FAILURE "
	    "bits[63:32]=0xffffffff" },
	{ "qualification-io", 0, BITS_FEATURES, ~0ull,
	    "size=0x7 IN STRING REP IMM bits[15:7]=0x1ff port=0xffff "
	    "bits[63:32]=0xffffffff" },
};

static void
known_values_read_and_write_as_they_should(void **state)
{
	char text[SHORT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(known); i++) {
		const struct known *k = &known[i];
		struct bits_view view = view_of(k->format, k->level, k->features, 40);

		bits_write_short(&view, k->value, text, sizeof(text));
		if (strcmp(text, k->text) != 0)
			fail_msg("%s %" PRIx64 ": \"%s\", expected \"%s\"", k->format, k->value,
			    text, k->text);
		check_reads_as(&view, k->text, k->value);
	}
}

struct field_case {
	const char *format;
	unsigned level;
	unsigned bit; /* any bit of the field */
	uint64_t value;
	const char *name;
	enum bits_kind kind;
	enum bits_state state;
	uint64_t field_value;
	const char *meaning;
};

static const struct field_case field_case[] = {
	{ "guest-pte", 1, 1, 0x10003, "RW", BITS_FLAG, BITS_SET, 1, "writable" },
	{ "guest-pte", 1, 1, 0x10001, "RW", BITS_FLAG, BITS_CLEAR, 0, "read-only" },
	{ "guest-pte", 1, 20, 0x10001, "frame", BITS_FRAME, BITS_SET, 0x10000,
	    "physical address of the 4 KiB page" },
	{ "guest-pte", 2, 13, 0x3081, NULL, BITS_ZERO, BITS_RESERVED_BAD, 1,
	    "reserved: inside a 2 MiB page" },
	{ "guest-pte", 2, 13, 0x1081, NULL, BITS_ZERO, BITS_CLEAR, 0,
	    "reserved: inside a 2 MiB page" },
	{ "guest-pte", 4, 52, 0x0010000000000001, NULL, BITS_FREE, BITS_FREE_SET, 1,
	    "ignored: free for software" },
	{ "ept", 1, 4, 0x31, "memtype", BITS_CHOICE, BITS_SET, 6, "write-back" },
	{ "ept", 1, 4, 0x01, "memtype", BITS_CHOICE, BITS_CLEAR, 0, "uncacheable" },
	{ "ept", 1, 4, 0x19, "memtype", BITS_CHOICE, BITS_VALUE_BAD, 3, "reserved value" },
	{ "rflags", 0, 1, 0, NULL, BITS_ONE, BITS_RESERVED_BAD, 0, "reserved: 1" },
	{ "rflags", 0, 1, 2, NULL, BITS_ONE, BITS_SET, 1, "reserved: 1" },
	{ "pin-controls", 0, 1, 2, NULL, BITS_ONE, BITS_RESERVED_BAD, 1,
	    "reserved: 1 on every processor" },
	{ "interruption-info", 0, 3, 0x80000306, "vector", BITS_NUMBER, BITS_SET, 6,
	    "invalid opcode" },
	{ "interruption-info", 0, 3, 0x80000030, "vector", BITS_NUMBER, BITS_SET, 0x30, "vector" },
};

static void
a_field_tells_its_state_and_meaning(void **state)
{
	size_t i, f;

	(void)state;
	for (i = 0; i < BITS_COUNT(field_case); i++) {
		const struct field_case *c = &field_case[i];
		struct bits_view view = view_of(c->format, c->level, USUAL, 40);
		struct bits_field field[BITS_FIELDS_MAX];

		assert_true(bits_decode(&view, c->value, field) > 0);
		for (f = 0; field[f].high < c->bit; f++)
			;
		if (c->name == NULL)
			assert_null(field[f].name);
		else
			assert_string_equal(field[f].name, c->name);
		assert_int_equal(field[f].kind, c->kind);
		assert_int_equal(field[f].state, c->state);
		assert_int_equal(field[f].value, c->field_value);
		assert_string_equal(field[f].meaning, c->meaning);
	}
}

struct reading {
	const char *format;
	unsigned level;
	const char *text;
	uint64_t value;
};

static const struct reading reading[] = {
	{ "guest-pte", 1, "P|RW|US|frame=0x1000", 0x1007 },
	{ "guest-pte", 1, "p, rw  us\tFRAME=4K\n", 0x1007 },
	{ "guest-pte", 1, "", 0 },
	{ "guest-pte", 1, " ,| ", 0 },
	{ "guest-pte", 1, "P=1 RW=0", 1 },
	{ "guest-pte", 1, "frame=1M", 0x100000 },
	{ "guest-pte", 1, "frame=0x1G P", 0x40000001 },
	{ "guest-pte", 1, "frame=512G", 0x8000000000 },
	{ "guest-pte", 1, "RW US D frame=0x2000", 0x2046 },
	{ "guest-pte", 1, "0x1000 P 2", 0x1003 },
	{ "guest-pte", 1, "P bit9 bits[11:10]=3", 0xe01 },
	{ "guest-pte", 1, "Bits[11:9]=0x2 BIT63 frame=0xabcDEF000", 0x8000000abcdef400 },
	{ "guest-pte", 2, "PAT PS P", 0x1081 },
	{ "guest-pte", 2, "frame=2M PAT PS P bits[20:13]=1", 0x203081 },
	{ "guest-pte", 4, "PS P", 0x81 },
	{ "ept", 1, "R memtype=wb", 0x31 },
	{ "ept", 1, "R memtype=3", 0x19 },
	{ "ept", 1, "R SVE SPP", 0xa000000000000001 },
	{ "qualification", 0, "FINAL GLA READ", 0x181 },
	{ "interruption-info", 0, "valid type=HW-exception vector=#ud", 0x80000306 },
	{ "interruption-info", 0, "type=3 vector=#PF", 0x30e },
	{ "qualification-cr", 0, "source=0x10 access=LMSW", 0x100030 },
	{ "exit-reason", 0, "reason=ept-misconfig", 49 },
	{ "pat", 0, "PA2=UC-", 0x70000 },
};

static void
words_are_read_in_any_case_order_and_notation(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(reading); i++) {
		const struct reading *r = &reading[i];
		struct bits_view view = view_of(r->format, r->level, USUAL, 40);

		check_reads_as(&view, r->text, r->value);
	}
}

struct refusal {
	const char *format;
	unsigned level;
	enum bits_status status;
	const char *text;
	size_t offset, length;
	const char *message; /* how it begins */
};

static const struct refusal refusal[] = {
	{ "guest-pte", 1, BITS_BAD_NAME, "P|RX", 2, 2,
	    "unknown name \"RX\" (PTE); did you mean \"RW\"? names: P, RW, US, PWT, PCD, A, D, "
	    "PAT, G, frame, pkey, XD" },
	{ "guest-pte", 2, BITS_BAD_NAME, "P zzz", 2, 3,
	    "unknown name \"zzz\" (PDE); names: P, RW, US, PWT, PCD, A, D, PS, G, PAT, frame, "
	    "pkey, XD" },
	{ "ept", 1, BITS_BAD_NAME, "R memtyp=WB", 2, 9,
	    "unknown name \"memtyp\" (EPT PTE); did you mean \"memtype\"? names: R, W, X, memtype, "
	    "IPAT, A, D, XU, frame, VGP, PW, SSS, SPP, SVE" },
	{ "cr0", 0, BITS_BAD_NAME, "PE PH", 3, 2,
	    "unknown name \"PH\" (control register 0); did you mean \"PE\"?" },
	{ "guest-pte", 1, BITS_BAD_NAME, "P bit64", 2, 5, "unknown name \"bit64\"" },
	{ "guest-pte", 1, BITS_BAD_NAME, "bits[3]=1", 0, 9, "unknown name \"bits[3]\"" },
	{ "guest-pte", 1, BITS_BAD_NAME, "bits[3:4]=1", 0, 11, "unknown name \"bits[3:4]\"" },
	{ "guest-pte", 1, BITS_BAD_NAME, "bits[4:3]x=1", 0, 12, "unknown name \"bits[4:3]x\"" },
	{ "guest-pte", 1, BITS_BAD_NAME, "=1", 0, 2, "unknown name \"\"" },
	{ "guest-pte", 1, BITS_BAD_NAME, "P\x01\xffQ", 0, 4, "unknown name \"P??Q\"" },
	{ "guest-pte", 2, BITS_BAD_PLACE, "P RW PAT", 5, 3,
	    "no place for \"PAT\" in this value (PDE): only an entry that maps a page has it" },
	{ "guest-pte", 4, BITS_BAD_PLACE, "P D", 2, 1,
	    "no place for \"D\" in this value (PML4E): only an entry that maps a page has it" },
	{ "guest-pte", 5, BITS_BAD_PLACE, "P PAT", 2, 3,
	    "no place for \"PAT\" in this value (PML5E): it belongs to other levels or another "
	    "machine" },
	{ "qualification", 0, BITS_BAD_PLACE, "READ FINAL", 5, 5,
	    "no place for \"FINAL\" in this value (exit qualification of an EPT violation (exit "
	    "48)): it exists with GLA only" },
	{ "qualification", 0, BITS_BAD_PLACE, "READ GLA USER", 9, 4,
	    "no place for \"USER\" in this value (exit qualification of an EPT violation (exit "
	    "48)): it exists with GLA and FINAL only" },
	{ "qualification-cr", 0, BITS_BAD_PLACE, "MEM", 0, 3,
	    "no place for \"MEM\" in this value (exit qualification of a control-register access "
	    "(exit 28)): it exists for LMSW only" },
	{ "qualification-cr", 0, BITS_BAD_PLACE, "access=CLTS register=RAX", 12, 12,
	    "no place for \"register\" in this value (exit qualification of a control-register "
	    "access (exit 28)): it exists for MOV only" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "frame=0x1234", 0, 12,
	    "\"frame=0x1234\": an address that is not aligned to the page or table" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "frame=8T", 0, 8,
	    "\"frame=8T\": an address beyond the width of the field" },
	{ "guest-pte", 2, BITS_BAD_VALUE, "PS P frame=4K", 5, 8,
	    "\"frame=4K\": an address that is not aligned" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "P=2", 0, 3, "\"P=2\": too large for the field" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "bits[2:1]=4", 0, 11, "\"bits[2:1]=4\": too large" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "frame", 0, 5, "\"frame\": a field of several bits" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "bits[2:1]", 0, 9, "\"bits[2:1]\": a field of several" },
	{ "guest-pte", 1, BITS_BAD_VALUE, "P=", 0, 2, "\"P=\": neither a number nor the name" },
	{ "ept", 1, BITS_BAD_VALUE, "R memtype=XX", 2, 10, "\"memtype=XX\": neither a number" },
	{ "ept", 1, BITS_BAD_VALUE, "18446744073709551616", 0, 20,
	    "\"18446744073709551616\": not a number of 64 bits" },
	{ "ept", 1, BITS_BAD_VALUE, "16777216T", 0, 9, "\"16777216T\": not a number" },
	{ "ept", 1, BITS_BAD_VALUE, "0x", 0, 2, "\"0x\": not a number" },
	{ "ept", 1, BITS_BAD_VALUE, "0xK", 0, 3, "\"0xK\": not a number" },
	{ "ept", 1, BITS_BAD_VALUE, "1KK", 0, 3, "\"1KK\": not a number" },
	{ "ept", 1, BITS_BAD_VALUE, "12a", 0, 3, "\"12a\": not a number" },
	{ "ept", 1, BITS_BAD_TWICE, "R R", 2, 1,
	    "\"R\" gives bits that an earlier word has given" },
	{ "ept", 1, BITS_BAD_TWICE, "R bit0=0", 2, 6, "\"bit0=0\" gives bits" },
	{ "ept", 1, BITS_BAD_TWICE, "R 0x3", 2, 3, "\"0x3\" gives bits" },
	{ "ept", 1, BITS_BAD_NAME, "Q Z", 0, 1, "unknown name \"Q\" (EPT PTE); names:" },
	{ "ept", 0, BITS_BAD_LEVEL, "R", 0, 0, "ept: level 0 is not one of 1 to 5" },
	{ "ept", 6, BITS_BAD_LEVEL, "R", 0, 0, "ept: level 6 is not one of 1 to 5" },
};

static void
wrong_words_are_named_and_explained(void **state)
{
	struct bits_error error;
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(refusal); i++) {
		const struct refusal *r = &refusal[i];
		struct bits_view view = view_of(r->format, r->level, USUAL | BITS_ADV_INFO, 40);
		uint64_t value = 0x5a5a;

		if (bits_encode(&view, r->text, &value, &error) != r->status ||
		    error.status != r->status || error.offset != r->offset ||
		    error.length != r->length ||
		    strncmp(error.text, r->message, strlen(r->message)) != 0)
			fail_msg("%s \"%s\": status %d at %zu+%zu: %s", r->format, r->text,
			    (int)error.status, error.offset, error.length, error.text);
		assert_int_equal(value, 0x5a5a);
	}
}

static void
no_text_makes_encoding_misbehave(void **state)
{
	static const char alphabet[] = "PRWUSXpat frame=0x1KMGT|,:[]bits#-_59\t\x80memtype";
	const struct bits_format *format;
	struct bits_error error;
	uint64_t seed = 48, value;
	char text[64];
	size_t i, j, length;
	int n;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		for (n = 0; n < 2000; n++) {
			struct bits_view view = random_view(format, &seed);

			length = random_splitmix(&seed) % (sizeof(text) - 1);
			for (j = 0; j < length; j++)
				text[j] = alphabet[random_splitmix(&seed) % (sizeof(alphabet) - 1)];
			text[length] = '\0';
			if (bits_encode(&view, text, &value, &error) != BITS_OK) {
				assert_true(error.offset + error.length <= length);
				assert_true(error.length > 0 && error.text[0] != '\0');
			}
		}
	}
}

static void
a_very_long_word_is_shown_in_part(void **state)
{
	struct bits_view view = view_of("secondary-controls", 0, 0, 40);
	struct bits_error error;
	char text[5000];
	uint64_t value;

	(void)state;
	memset(text, 'q', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(bits_encode(&view, text, &value, &error), BITS_BAD_NAME);
	assert_int_equal(error.length, sizeof(text) - 1);
	assert_non_null(strstr(error.text, "qqqq...\" (secondary"));
	assert_true(strlen(error.text) < sizeof(error.text) - 1);
}

static void
every_list_of_names_fits_its_message(void **state)
{
	const struct bits_format *format;
	struct bits_error error;
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		struct bits_view view = { format, 1, { 40, BITS_FEATURES } };

		assert_int_equal(bits_encode(&view, "no-such-name", &value, &error), BITS_BAD_NAME);
		assert_true(strlen(error.text) < sizeof(error.text) - 1);
	}
}

static void
a_text_that_does_not_fit_is_cut_and_measured(void **state)
{
	struct bits_view view = view_of("guest-pte", 1, USUAL, 40);
	const char *whole = "P RW US A frame=0x10000";
	struct bits_field field[BITS_FIELDS_MAX];
	char buf[64];
	size_t size;

	(void)state;
	assert_int_equal(bits_write_short(&view, 0x10027, NULL, 0), strlen(whole));
	for (size = 1; size < sizeof(buf); size++) {
		memset(buf, '!', sizeof(buf));
		assert_int_equal(bits_write_short(&view, 0x10027, buf, size), strlen(whole));
		assert_int_equal(strncmp(buf, whole, size - 1), 0);
		assert_int_equal(strlen(buf), size - 1 < strlen(whole) ? size - 1 : strlen(whole));
		assert_int_equal(buf[size], '!');
	}
	assert_true(bits_decode(&view, 0x10001, field) > 1);
	assert_int_equal(bits_write_field(&field[1], buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(bits_write_field(&field[0], buf, 1), 1);
	assert_string_equal(buf, "");
	assert_int_equal(field[9].kind, BITS_FREE);
	assert_int_equal(bits_write_field(&field[9], buf, sizeof(buf)), 0);
}

/* --- formulas --------------------------------------------------------------------------------- */

/* Bits high..low, none when low is above high; written without the macros under test. */
static uint64_t
span(int high, int low)
{
	uint64_t mask = 0;
	int bit;

	for (bit = low; bit <= high; bit++)
		mask |= (uint64_t)1 << bit;
	return mask;
}

static uint64_t
guest_reserved_by_formula(unsigned level, int ps, int page1g, int nxe, int n)
{
	uint64_t common = span(51, n) | (nxe ? 0 : span(63, 63));

	if (level >= 4)
		return common | span(7, 7);
	if (level == 3 && ps && page1g)
		return common | span(29, 13);
	if (level == 3 && !page1g)
		return common | span(7, 7);
	if (level == 2 && ps)
		return common | span(20, 13);
	return common;
}

static uint64_t
ept_reserved_by_formula(unsigned level, int ps, int page1g, int page2m, int n)
{
	uint64_t high = span(51, n);

	if (level >= 4 || (level == 3 && !page1g) || (level == 2 && !page2m))
		return high | span(7, 3);
	if (level == 1)
		return high;
	if (!ps)
		return high | span(6, 3);
	return high | (level == 3 ? span(29, 12) : span(20, 12));
}

/* Calls back for every level, MAXPHYADDR, state of bit 7 and choice of two features. */
static void
for_reserved(const char *format, uint64_t first, uint64_t second,
    void (*check)(const struct bits_view *view, int n, int ps, int has_first, int has_second))
{
	unsigned i;

	for (i = 0; i < 5 * 21 * 8; i++) {
		struct bits_view view = view_of(format, 1 + i / 8 % 5,
		    (i & 1 ? first : 0) | (i & 2 ? second : 0), 32 + i / 40);

		check(&view, (int)(32 + i / 40), (i & 4) != 0, (i & 1) != 0, (i & 2) != 0);
	}
}

static void
check_guest_reserved(const struct bits_view *view, int n, int ps, int page1g, int nxe)
{
	struct bits_masks masks;
	uint64_t bit7 = ps ? 0x80 : 0;

	bits_masks_get(view, 1 | bit7, &masks);
	assert_int_equal(masks.zero, guest_reserved_by_formula(view->level, ps, page1g, nxe, n));
	assert_int_equal(masks.one, 0);
	bits_masks_get(view, bit7, &masks);
	assert_int_equal(masks.zero, 0);
	assert_int_equal(masks.free, ~(uint64_t)1);
}

static void
guest_reserved_bits_are_those_of_the_formula(void **state)
{
	(void)state;
	for_reserved("guest-pte", BITS_PAGE1G, BITS_NXE, check_guest_reserved);
}

static void
check_ept_reserved(const struct bits_view *view, int n, int ps, int page1g, int page2m)
{
	struct bits_masks masks;
	uint64_t bit7 = ps ? 0x80 : 0;

	bits_masks_get(view, 1 | bit7, &masks);
	assert_int_equal(masks.zero, ept_reserved_by_formula(view->level, ps, page1g, page2m, n));
	assert_int_equal(masks.one, 0);
	bits_masks_get(view, bit7, &masks);
	assert_int_equal(masks.zero, 0);
	assert_int_equal(masks.free, ~(uint64_t)7);
}

static void
ept_reserved_bits_are_those_of_the_formula(void **state)
{
	(void)state;
	for_reserved("ept", BITS_EPT_1G, BITS_EPT_2M, check_ept_reserved);
}

static void
with_mode_based_execute_an_entry_with_xu_alone_is_present(void **state)
{
	struct bits_view view = view_of("ept", 1, BITS_EPT_MBEC, 40);
	struct bits_masks masks;

	(void)state;
	bits_masks_get(&view, 0x400, &masks);
	assert_int_equal(masks.zero, span(51, 40));
	bits_masks_get(&view, 0x100, &masks);
	assert_int_equal(masks.zero, 0);
	assert_int_equal(masks.free, ~(uint64_t)0x407);
}

static void
bad_bits_are_reserved_ones_set_fixed_ones_clear_and_choices_out_of_range(void **state)
{
	struct bits_view flags = view_of("rflags", 0, 0, 40), ept = view_of("ept", 1, USUAL, 40);
	struct bits_masks masks;

	(void)state;
	bits_masks_get(&flags, 0x8028, &masks);
	assert_int_equal(masks.bad, 0x802a);
	bits_masks_get(&ept, 0x10000000011, &masks);
	assert_int_equal(masks.bad, 0x10000000010 | 0x38);
}

/* --- notes ------------------------------------------------------------------------------------ */

struct note_case {
	const char *format;
	unsigned level;
	uint64_t features;
	uint64_t value;
	const char *note; /* the first; NULL: none */
};

static const struct note_case note_case[] = {
	{ "ept", 1, USUAL, 0x6, "misconfigured: W without R" },
	{ "ept", 1, USUAL, 0x4, NULL },
	{ "ept", 1, 0, 0x4, "misconfigured: X without R, and no execute-only pages" },
	{ "ept", 1, BITS_EPT_MBEC, 0x400,
	    "misconfigured: XU without R, and no execute-only pages" },
	{ "ept", 1, BITS_EPT_MBEC | BITS_EPT_XO, 0x400, NULL },
	{ "ept", 1, USUAL | BITS_EPT_PW, 0x0400000000000004, "misconfigured: PW without R" },
	{ "ept", 1, USUAL | BITS_EPT_PW, 0x0400000000000000, NULL },
	{ "ept", 5, USUAL, 0x7, "with a 4-level EPT the processor reads no EPT PML5E" },
	{ "ept", 5, USUAL | BITS_EPT_5L, 0x7, NULL },
	{ "guest-pte", 5, USUAL, 0x7, "without LA57 the processor reads no PML5E" },
	{ "guest-pte", 5, USUAL | BITS_LA57, 0x7, NULL },
	{ "guest-pte", 3, 0, 0x87,
	    "1 GiB pages are not supported: every use is a reserved-bit fault" },
	{ "guest-pte", 3, 0, 0x86, NULL },
	{ "error-code", 0, USUAL, 0x8, "RSVD without P: no processor reports that" },
	{ "error-code", 0, USUAL, 0x9, NULL },
	{ "cr0", 0, 0, 0x80000000, "PG without PE: loading it gives #GP" },
	{ "cr0", 0, 0, 0x20000001, "NW without CD: loading it gives #GP" },
	{ "efer", 0, 0, 0x400, "LMA without LME: VM entry refuses it with paging" },
	{ "qualification", 0, USUAL, 0x188, "neither a read, a write nor a fetch" },
	{ "qualification", 0, USUAL, 0x181,
	    "no right: an entry was not present, the entries share none, or the address is too "
	    "wide" },
	{ "qualification", 0, BITS_EPT_MBEC, 0x1c1, NULL },
};

static void
combinations_that_are_wrong_get_a_note(void **state)
{
	size_t i, next;

	(void)state;
	for (i = 0; i < BITS_COUNT(note_case); i++) {
		const struct note_case *c = &note_case[i];
		struct bits_view view = view_of(c->format, c->level, c->features, 40);
		const char *note;

		next = 0;
		note = bits_note(&view, c->value, &next);
		if (c->note == NULL ? note != NULL : note == NULL || strcmp(note, c->note) != 0)
			fail_msg("%s %" PRIx64 ": %s", c->format, c->value,
			    note != NULL ? note : "no note");
		while (note != NULL)
			note = bits_note(&view, c->value, &next);
	}
}

/* --- the core's masks ------------------------------------------------------------------------- */

struct constant {
	const char *format;
	unsigned level;
	uint64_t shape; /* other bits that make the field exist */
	const char *name;
	uint64_t mask;
};

static const struct constant constant[] = {
	{ "guest-pte", 1, 1, "P", VK_PG_P },
	{ "guest-pte", 1, 1, "RW", VK_PG_RW },
	{ "guest-pte", 1, 1, "US", VK_PG_US },
	{ "guest-pte", 1, 1, "PWT", VK_PG_PWT },
	{ "guest-pte", 1, 1, "PCD", VK_PG_PCD },
	{ "guest-pte", 1, 1, "A", VK_PG_A },
	{ "guest-pte", 1, 1, "D", VK_PG_D },
	{ "guest-pte", 2, 1, "PS", VK_PG_PS },
	{ "guest-pte", 3, 1, "PS", VK_PG_PS },
	{ "guest-pte", 1, 1, "PAT", VK_PG_PAT },
	{ "guest-pte", 1, 1, "G", VK_PG_G },
	{ "guest-pte", 2, 0x81, "PAT", VK_PG_PAT_LARGE },
	{ "guest-pte", 3, 0x81, "PAT", VK_PG_PAT_LARGE },
	{ "guest-pte", 1, 1, "pkey", VK_PG_PKEY },
	{ "guest-pte", 1, 1, "XD", VK_PG_XD },
	{ "vpte", 0, 1, "V", VK_VPTE_V },
	{ "vpte", 0, 1, "RW", VK_VPTE_RW },
	{ "vpte", 0, 1, "U", VK_VPTE_U },
	{ "vpte", 0, 1, "A", VK_VPTE_A },
	{ "vpte", 0, 1, "M", VK_VPTE_M },
	{ "vpte", 0, 1, "PS", VK_VPTE_PS },
	{ "vpte", 0, 1, "G", VK_VPTE_G },
	{ "vpte", 0, 1, "WIRED", VK_VPTE_WIRED },
	{ "vpte", 0, 1, "MANAGED", VK_VPTE_MANAGED },
	{ "vpte", 0, 1, "NX", VK_VPTE_NX },
	{ "vpte", 0, 1, "frame", VK_VPTE_FRAME },
	{ "vpte-old", 0, 1, "V", VK_VPTE_OLD_V },
	{ "vpte-old", 0, 1, "PS", VK_VPTE_OLD_PS },
	{ "vpte-old", 0, 1, "R", VK_VPTE_OLD_R },
	{ "vpte-old", 0, 1, "W", VK_VPTE_OLD_W },
	{ "vpte-old", 0, 1, "X", VK_VPTE_OLD_X },
	{ "vpte-old", 0, 1, "A", VK_VPTE_OLD_A },
	{ "vpte-old", 0, 1, "M", VK_VPTE_OLD_M },
	{ "vpte-old", 0, 1, "U", VK_VPTE_OLD_U },
	{ "vpte-old", 0, 1, "MANAGED", VK_VPTE_OLD_MANAGED },
	{ "vpte-old", 0, 1, "G", VK_VPTE_OLD_G },
	{ "vpte-old", 0, 1, "WIRED", VK_VPTE_OLD_WIRED },
	{ "vpte-old", 0, 1, "frame", VK_VPTE_FRAME },
	{ "cr0", 0, 0, "WP", VK_CR0_WP },
	{ "cr0", 0, 0, "CD", VK_CR0_CD },
	{ "cr0", 0, 0, "PG", VK_CR0_PG },
	{ "cr3", 0, 0, "PCID", VK_CR3_PCID },
	{ "cr4", 0, 0, "PGE", VK_CR4_PGE },
	{ "cr4", 0, 0, "LA57", VK_CR4_LA57 },
	{ "cr4", 0, 0, "PCIDE", VK_CR4_PCIDE },
	{ "cr4", 0, 0, "SMEP", VK_CR4_SMEP },
	{ "cr4", 0, 0, "SMAP", VK_CR4_SMAP },
	{ "cr4", 0, 0, "PKE", VK_CR4_PKE },
	{ "cr4", 0, 0, "PKS", VK_CR4_PKS },
	{ "efer", 0, 0, "NXE", VK_EFER_NXE },
	{ "error-code", 0, 0, "P", VK_PF_P },
	{ "error-code", 0, 0, "W", VK_PF_W },
	{ "error-code", 0, 0, "US", VK_PF_U },
	{ "error-code", 0, 0, "RSVD", VK_PF_RSVD },
	{ "error-code", 0, 0, "ID", VK_PF_ID },
	{ "error-code", 0, 0, "PK", VK_PF_PK },
	{ "ept", 1, 1, "R", EPT_R },
	{ "ept", 1, 1, "W", EPT_W },
	{ "ept", 1, 1, "X", EPT_X },
	{ "ept", 1, 1, "memtype", EPT_MEMTYPE },
	{ "ept", 1, 1, "IPAT", EPT_IPAT },
	{ "ept", 2, 1, "PS", EPT_PS },
	{ "ept", 3, 1, "PS", EPT_PS },
	{ "ept", 1, 1, "A", EPT_A },
	{ "ept", 1, 1, "D", EPT_D },
	{ "ept", 1, 1, "XU", EPT_XU },
	{ "ept", 1, 1, "SPP", EPT_SPP },
	{ "ept", 1, 1, "SVE", EPT_SVE },
	{ "eptp", 0, 0, "memtype", EPTP_MEMTYPE },
	{ "eptp", 0, 0, "walk", 7ull << EPTP_WALK_SHIFT },
	{ "eptp", 0, 0, "AD", EPTP_AD },
	{ "eptp", 0, 0, "SSS", EPTP_SSS },
	{ "ept-vpid-cap", 0, 0, "XO", EPT_CAP_EXEC_ONLY },
	{ "ept-vpid-cap", 0, 0, "WALK4", EPT_CAP_WALK4 },
	{ "ept-vpid-cap", 0, 0, "WALK5", EPT_CAP_WALK5 },
	{ "ept-vpid-cap", 0, 0, "UC", EPT_CAP_UC },
	{ "ept-vpid-cap", 0, 0, "WB", EPT_CAP_WB },
	{ "ept-vpid-cap", 0, 0, "PAGE2M", EPT_CAP_2M },
	{ "ept-vpid-cap", 0, 0, "PAGE1G", EPT_CAP_1G },
	{ "ept-vpid-cap", 0, 0, "INVEPT", EPT_CAP_INVEPT },
	{ "ept-vpid-cap", 0, 0, "AD", EPT_CAP_AD },
	{ "ept-vpid-cap", 0, 0, "ADV-INFO", EPT_CAP_ADV_INFO },
	{ "ept-vpid-cap", 0, 0, "SSS", EPT_CAP_SSS },
	{ "secondary-controls", 0, 0, "PML", EPT_CTL_PML },
	{ "secondary-controls", 0, 0, "VE", EPT_CTL_VE },
	{ "secondary-controls", 0, 0, "MBEC", EPT_CTL_MBEC },
	{ "secondary-controls", 0, 0, "SPP", EPT_CTL_SPP },
	{ "qualification", 0, 0, "READ", EPT_QUAL_R },
	{ "qualification", 0, 0, "WRITE", EPT_QUAL_W },
	{ "qualification", 0, 0, "FETCH", EPT_QUAL_X },
	{ "qualification", 0, 0, "PERM_R", EPT_R << EPT_QUAL_PERM_SHIFT },
	{ "qualification", 0, 0, "PERM_W", EPT_W << EPT_QUAL_PERM_SHIFT },
	{ "qualification", 0, 0, "PERM_X", EPT_X << EPT_QUAL_PERM_SHIFT },
	{ "qualification", 0, 0, "PERM_XU", VK_BIT(6) },
	{ "qualification", 0, 0, "GLA", EPT_QUAL_GLA_VALID },
	{ "qualification", 0, 0x80, "FINAL", EPT_QUAL_FINAL },
	{ "qualification", 0, 0x180, "USER", EPT_QUAL_USER },
	{ "qualification", 0, 0x180, "WRITABLE", EPT_QUAL_WRITABLE },
	{ "qualification", 0, 0x180, "XD", EPT_QUAL_XD },
};

static void
fields_have_the_masks_of_the_core(void **state)
{
	size_t i, f, fields;

	(void)state;
	for (i = 0; i < BITS_COUNT(constant); i++) {
		const struct constant *c = &constant[i];
		struct bits_view view = view_of(c->format, c->level, BITS_FEATURES, 40);
		struct bits_field field[BITS_FIELDS_MAX];

		fields = bits_decode(&view, c->shape, field);
		for (f = 0; f < fields; f++) {
			if (field[f].name != NULL && strcmp(field[f].name, c->name) == 0)
				break;
		}
		if (f == fields || field[f].mask != c->mask)
			fail_msg("%s: %s is not %" PRIx64, c->format, c->name, c->mask);
	}
}

static void
memory_types_have_the_codes_of_the_core(void **state)
{
	static const struct {
		const char *name;
		enum memtype type;
	} type[] = {
		{ "UC", MEMTYPE_UC }, { "WC", MEMTYPE_WC }, { "WT", MEMTYPE_WT },
		{ "WP", MEMTYPE_WP }, { "WB", MEMTYPE_WB }, { "UC-", MEMTYPE_UC_MINUS },
	};
	struct bits_view pat = view_of("pat", 0, 0, 40);
	struct bits_error error;
	char text[16];
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(type); i++) {
		snprintf(text, sizeof(text), "PA0=%s", type[i].name);
		assert_int_equal(bits_encode(&pat, text, &value, &error), BITS_OK);
		assert_int_equal(memtype_from_pat(value, 0), type[i].type);
		assert_int_equal(value, type[i].type);
	}
}

/* --- the core's judgements -------------------------------------------------------------------- */

/* Features under which the tables and the EPT walker speak of the same processor. */
static struct ept
ept_like(uint64_t features, unsigned maxphyaddr)
{
	uint64_t cap = EPT_CAP_WALK4 | EPT_CAP_WB;
	struct hpm none = { NULL, NULL };
	struct ept ept;

	cap |= features & BITS_EPT_XO ? EPT_CAP_EXEC_ONLY : 0;
	cap |= features & BITS_EPT_2M ? EPT_CAP_2M : 0;
	cap |= features & BITS_EPT_1G ? EPT_CAP_1G : 0;
	assert_int_equal(ept_init(&ept, none, 0x1e, cap,
	    features & BITS_EPT_MBEC ? EPT_CTL_MBEC : 0, maxphyaddr), EPTP_VALID);
	return ept;
}

static int
tables_find_a_misconfiguration(const struct bits_view *view, uint64_t entry)
{
	struct bits_masks masks;
	const char *note;
	size_t next = 0;

	bits_masks_get(view, entry, &masks);
	if (masks.bad != 0)
		return 1;
	while ((note = bits_note(view, entry, &next)) != NULL) {
		if (strncmp(note, "misconfigured", 13) == 0)
			return 1;
	}
	return 0;
}

static void
the_ept_walker_and_the_table_agree_on_misconfigurations(void **state)
{
	const uint64_t optional = BITS_EPT_XO | BITS_EPT_2M | BITS_EPT_1G | BITS_EPT_MBEC;
	uint64_t seed = 49, bits;
	int n, found, seen[2] = { 0, 0 };

	(void)state;
	for (n = 0; n < 200000; n++) {
		struct bits_view view = random_view(bits_format_find("ept"), &seed);
		uint64_t entry =
		    random_value(&seed) & ~(random_splitmix(&seed) & 0x000ffffffffff078);
		struct ept ept;

		view.machine.features &= optional;
		ept = ept_like(view.machine.features, view.machine.maxphyaddr);
		found = tables_find_a_misconfiguration(&view, entry);
		if (!ept_is_present(&ept, entry)) {
			assert_int_equal(found, 0);
			continue;
		}
		seen[found]++;
		if (found != (ept_entry_check(&ept, entry, view.level, &bits) != EPT_WHY_NONE))
			fail_msg("level %u maxphyaddr %u features %" PRIx64 ": %" PRIx64,
			    view.level, view.machine.maxphyaddr, (uint64_t)view.machine.features,
			    entry);
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

static void
vm_entry_and_the_table_agree_on_eptps(void **state)
{
	uint64_t seed = 201;
	int n, seen[2] = { 0, 0 };

	(void)state;
	for (n = 0; n < 100000; n++) {
		struct bits_view view = random_view(bits_format_find("eptp"), &seed);
		uint64_t features = view.machine.features;
		uint64_t eptp = (random_value(&seed) & random_splitmix(&seed)) | (n % 2 ? 0x1e : 0);
		uint64_t cap = EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_UC;
		struct bits_masks masks;
		int valid;

		eptp &= ~(n % 4 < 2 ? 0xffff000000000fc0 : 0);
		cap |= features & BITS_EPT_5L ? EPT_CAP_WALK5 : 0;
		cap |= features & BITS_EPT_AD ? EPT_CAP_AD : 0;
		cap |= features & BITS_EPT_SSS ? EPT_CAP_SSS : 0;
		valid = ept_eptp_check(eptp, cap, view.machine.maxphyaddr) == EPTP_VALID;
		bits_masks_get(&view, eptp, &masks);
		assert_int_equal(masks.bad == 0, valid);
		seen[valid]++;
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

static uint64_t
guest_reserved_by_the_walker(const struct bits_view *view, uint64_t entry)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .maxphyaddr = view->machine.maxphyaddr };
	struct gpm none = { NULL, NULL };
	struct guestpt pt;

	mode.efer = view->machine.features & BITS_NXE ? VK_EFER_NXE : 0;
	mode.page1g = (view->machine.features & BITS_PAGE1G) != 0;
	guestpt_init(&pt, none, &mode);
	return entry & pt.reserved[view->level][guestpt_is_leaf(view->level, entry)];
}

static void
the_guest_walker_and_the_table_agree_on_reserved_bits(void **state)
{
	uint64_t seed = 14;
	int n, seen[2] = { 0, 0 };

	(void)state;
	for (n = 0; n < 200000; n++) {
		struct bits_view view = random_view(bits_format_find("guest-pte"), &seed);
		uint64_t entry = (random_value(&seed) & ~(random_splitmix(&seed) << 13)) | VK_PG_P;
		struct bits_masks masks;
		int bad;

		bits_masks_get(&view, entry, &masks);
		bad = masks.bad != 0;
		assert_int_equal(bad, guest_reserved_by_the_walker(&view, entry) != 0);
		seen[bad]++;
	}
	assert_true(seen[0] > 1000 && seen[1] > 1000);
}

static void
vm_entry_and_the_table_agree_on_cr3(void **state)
{
	uint64_t seed = 3;
	int n;

	(void)state;
	for (n = 0; n < 100000; n++) {
		struct bits_view view = random_view(bits_format_find("cr3"), &seed);
		uint64_t cr3 = random_value(&seed) & (n % 2 ? 0x000fffffffffffff : ~(uint64_t)0);
		struct bits_masks masks;
		int keep = (view.machine.features & BITS_PCIDE) && (cr3 & VK_BIT(63));

		bits_masks_get(&view, cr3, &masks);
		if (!keep)
			assert_int_equal(masks.bad == 0,
			    guestpt_cr3_is_valid(cr3, view.machine.maxphyaddr) != 0);
	}
}

/* --- formats and views ------------------------------------------------------------------------ */

static void
formats_are_found_by_name(void **state)
{
	static const char *const wanted[] = { "guest-pte", "ept", "vpte", "vpte-merge", "vpte-old",
		"qualification", "qualification-cr", "qualification-dr", "qualification-io", "eptp",
		"cr0", "cr3", "cr4", "efer", "rflags", "error-code", "interruption-info",
		"idt-vectoring-info", "entry-interruption-info", "exit-reason", "pat",
		"ept-vpid-cap", "pkru", "pin-controls", "primary-controls", "secondary-controls" };
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(wanted); i++)
		assert_string_equal(bits_format_find(wanted[i])->name, wanted[i]);
	assert_null(bits_format_at(BITS_COUNT(wanted)));
	assert_non_null(bits_format_find("EPT"));
	assert_null(bits_format_find("ep"));
	assert_null(bits_format_find("eptx"));
	assert_null(bits_format_find(""));
}

static void
an_entry_is_a_format_at_a_level(void **state)
{
	static const struct {
		const char *name, *format;
		unsigned level;
	} rows[] = {
		{ "pte", "guest-pte", 1 },
		{ "PDE", "guest-pte", 2 },
		{ "pdpte", "guest-pte", 3 },
		{ "pml4e", "guest-pte", 4 },
		{ "PML5E", "guest-pte", 5 },
		{ "ept-pte", "ept", 1 },
		{ "EPT PDE", "ept", 2 },
		{ "Ept-Pml5e", "ept", 5 },
	};
	static const char *const none[] = { "", "pt", "ptes", "ept", "ept_pte", "eptpte" };
	unsigned level;
	size_t i;

	(void)state;
	for (i = 0; i < BITS_COUNT(rows); i++) {
		assert_string_equal(bits_format_of_entry(rows[i].name, &level)->name,
		    rows[i].format);
		assert_int_equal(level, rows[i].level);
	}
	for (i = 0; i < BITS_COUNT(none); i++)
		assert_null(bits_format_of_entry(none[i], &level));
}

static void
a_view_out_of_range_has_no_fields(void **state)
{
	struct bits_view view = view_of("ept", 6, USUAL, 40);
	struct bits_field field[BITS_FIELDS_MAX];
	struct bits_masks masks;
	struct bits_error error;
	char text[8] = "x";
	uint64_t value = 0;
	size_t next = 0;

	(void)state;
	assert_int_equal(bits_check(&view), BITS_BAD_LEVEL);
	assert_int_equal(bits_decode(&view, 7, field), 0);
	assert_null(bits_note(&view, 2, &next));
	assert_int_equal(bits_write_short(&view, 7, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	view = view_of("ept", 1, USUAL, 53);
	assert_int_equal(bits_check(&view), BITS_BAD_MACHINE);
	view = view_of("ept", 1, USUAL, 31);
	assert_int_equal(bits_check(&view), BITS_BAD_MACHINE);
	view = view_of("ept", 1, FACT_LEAF, 40);
	assert_int_equal(bits_check(&view), BITS_BAD_MACHINE);
	assert_int_equal(bits_encode(&view, "R", &value, &error), BITS_BAD_MACHINE);
	assert_true(error.text[0] != '\0');
	bits_masks_get(&view, ~0ull, &masks);
	assert_int_equal(masks.zero | masks.one | masks.free | masks.bad, 0);
	view = view_of("cr0", 99, 0, 40);
	assert_int_equal(bits_check(&view), BITS_OK);
	assert_true(bits_decode(&view, 1, field) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_belongs_to_one_field),
		cmocka_unit_test(every_row_applies_to_some_value),
		cmocka_unit_test(no_two_fields_of_a_value_have_one_name),
		cmocka_unit_test(names_can_be_read_back),
		cmocka_unit_test(the_short_form_of_any_value_reads_back_as_that_value),
		cmocka_unit_test(fields_put_together_are_the_value),
		cmocka_unit_test(known_values_read_and_write_as_they_should),
		cmocka_unit_test(a_field_tells_its_state_and_meaning),
		cmocka_unit_test(words_are_read_in_any_case_order_and_notation),
		cmocka_unit_test(wrong_words_are_named_and_explained),
		cmocka_unit_test(no_text_makes_encoding_misbehave),
		cmocka_unit_test(a_very_long_word_is_shown_in_part),
		cmocka_unit_test(every_list_of_names_fits_its_message),
		cmocka_unit_test(a_text_that_does_not_fit_is_cut_and_measured),
		cmocka_unit_test(guest_reserved_bits_are_those_of_the_formula),
		cmocka_unit_test(ept_reserved_bits_are_those_of_the_formula),
		cmocka_unit_test(with_mode_based_execute_an_entry_with_xu_alone_is_present),
		cmocka_unit_test(
		    bad_bits_are_reserved_ones_set_fixed_ones_clear_and_choices_out_of_range),
		cmocka_unit_test(combinations_that_are_wrong_get_a_note),
		cmocka_unit_test(fields_have_the_masks_of_the_core),
		cmocka_unit_test(memory_types_have_the_codes_of_the_core),
		cmocka_unit_test(the_ept_walker_and_the_table_agree_on_misconfigurations),
		cmocka_unit_test(vm_entry_and_the_table_agree_on_eptps),
		cmocka_unit_test(the_guest_walker_and_the_table_agree_on_reserved_bits),
		cmocka_unit_test(vm_entry_and_the_table_agree_on_cr3),
		cmocka_unit_test(formats_are_found_by_name),
		cmocka_unit_test(an_entry_is_a_format_at_a_level),
		cmocka_unit_test(a_view_out_of_range_has_no_fields),
		cmocka_unit_test(numbers_are_read_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
