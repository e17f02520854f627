/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings are looked through and moved in one pass, in pieces that fit a register: a piece is read,
 * once, and is then both judged and stored.  Looking first and copying then would read every byte
 * twice, and the two readings may differ.
 *
 * A piece is 16 bytes where the compiler may use vector registers and 8 where it may not, as in a
 * kernel.  The latter rests on little-endian order.
 */
#include "copyio/us_string.h"

#define PIECES 4 /* that are judged together */

#ifdef __SSE2__

typedef char us_piece_t __attribute__((vector_size(16)));

#define US_KEEP(piece) __asm__("" : "+x"(piece))

/* Bytes that are not 0 where the piece has a 0. */
static inline us_piece_t
us_zeros(us_piece_t piece)
{
	return (us_piece_t)(piece == (us_piece_t){0});
}

/* A set bit where `zeros` has such a byte; 0 when it has none. */
static inline unsigned
us_marks(us_piece_t zeros)
{
	return (unsigned)__builtin_ia32_pmovmskb128(zeros);
}

/* The index of the first. */
static inline size_t
us_first(unsigned marks)
{
	return (size_t)__builtin_ctz(marks);
}

#else

typedef uint64_t us_piece_t;

#define US_KEEP(piece) __asm__("" : "+r"(piece))

/* The first 0 of the piece has its high bit set here; bytes above it may have theirs too. */
static inline us_piece_t
us_zeros(us_piece_t piece)
{
	return (piece - 0x0101010101010101ull) & ~piece & 0x8080808080808080ull;
}

static inline uint64_t
us_marks(us_piece_t zeros)
{
	return zeros;
}

static inline size_t
us_first(uint64_t marks)
{
	return (size_t)__builtin_ctzll(marks) / 8;
}

#endif

#define PIECE sizeof(us_piece_t)

/* The compiler knows nothing about the result, and so cannot read it a second time. */
static inline us_piece_t
us_read(const char *from)
{
	us_piece_t piece;

	__builtin_memcpy(&piece, from, PIECE);
	US_KEEP(piece);
	return piece;
}

static inline void
us_write(char *to, us_piece_t piece)
{
	__builtin_memcpy(to, &piece, PIECE);
}

/* Stores the first `n` bytes of a piece, less than all of it. */
static inline void
us_write_part(char *to, us_piece_t piece, size_t n)
{
	uint64_t word[PIECE / 8], left;

	__builtin_memcpy(word, &piece, PIECE);
	left = word[0];
	if (n & 8) {
		__builtin_memcpy(to, &left, 8);
		left = word[PIECE / 8 - 1];
		to += 8;
	}
	if (n & 4) {
		__builtin_memcpy(to, &left, 4);
		left >>= 32;
		to += 4;
	}
	if (n & 2) {
		__builtin_memcpy(to, &left, 2);
		left >>= 16;
		to += 2;
	}
	if (n & 1)
		*to = (char)left;
}

/* Moves one piece, or what of it belongs to the string; returns how many bytes. */
static inline size_t
us_move_piece(char *to, us_piece_t piece, int *ended)
{
	size_t n = PIECE;

	if (us_marks(us_zeros(piece)) != 0) {
		*ended = 1;
		n = us_first(us_marks(us_zeros(piece))) + 1;
	}
	if (n == PIECE)
		us_write(to, piece);
	else
		us_write_part(to, piece, n);
	return n;
}

/* Moves pieces that are already read, until one has the NUL. */
static size_t
us_move_last(char *to, const us_piece_t *piece, int *ended)
{
	size_t n = 0, i;

	for (i = 0; !*ended; i++)
		n += us_move_piece(to + n, piece[i], ended);
	return n;
}

size_t
us_move_string(char *to, const char *from, size_t limit, int *ended)
{
	size_t n = 0;

	for (; limit - n >= PIECES * PIECE; n += PIECES * PIECE) {
		us_piece_t a = us_read(from + n), b = us_read(from + n + PIECE);
		us_piece_t c = us_read(from + n + 2 * PIECE), d = us_read(from + n + 3 * PIECE);

		if (us_marks(us_zeros(a) | us_zeros(b) | us_zeros(c) | us_zeros(d)) != 0) {
			us_piece_t last[PIECES] = {a, b, c, d};

			return n + us_move_last(to + n, last, ended);
		}
		us_write(to + n, a);
		us_write(to + n + PIECE, b);
		us_write(to + n + 2 * PIECE, c);
		us_write(to + n + 3 * PIECE, d);
	}
	while (limit - n >= PIECE && !*ended)
		n += us_move_piece(to + n, us_read(from + n), ended);
	while (n < limit && !*ended) {
		char byte = __atomic_load_n(&from[n], __ATOMIC_RELAXED);

		to[n++] = byte;
		*ended = byte == '\0';
	}
	return n;
}
