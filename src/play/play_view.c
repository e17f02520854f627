/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view of a machine in the middle of its run.
 *
 * Memory is copied, so that the view outlives the machine and two moments can be compared.  Frames
 * that nobody has written are zeroes and cost nothing; beyond the end of host memory there is
 * nothing, as the machine has it.
 */
#include <stdlib.h>

#include "play/player.h"

struct copying {
	struct image *image;
	unsigned char *next; /* where the next frame goes, in the image's block */
	uint64_t end;        /* of what was added so far */
	bool failed;
};

/* Adds up to `to`, which must not lie before the end of what there is, as zeroes. */
static void
add_zeroes(struct copying *copying, uint64_t to)
{
	if (copying->end < to && !image_append(copying->image, copying->end, to, NULL))
		copying->failed = true;
	copying->end = to;
}

static void
add_frame(void *ctx, hpa_t frame, const void *bytes)
{
	struct copying *copying = ctx;

	add_zeroes(copying, frame.v);
	memcpy(copying->next, bytes, VK_PAGE_BYTES);
	if (!image_append(copying->image, frame.v, frame.v + VK_PAGE_BYTES, copying->next))
		copying->failed = true;
	copying->next += VK_PAGE_BYTES;
	copying->end = frame.v + VK_PAGE_BYTES;
}

static struct image *
copy_memory(const struct hostmem *mem)
{
	struct copying copying = { .image = image_create() };
	size_t frames = hostmem_frames(mem);

	if (copying.image == NULL)
		return NULL;
	copying.image->block = copying.next = malloc(frames * VK_PAGE_BYTES + 1);
	if (copying.next == NULL || !hostmem_visit(mem, add_frame, &copying))
		copying.failed = true;
	else
		add_zeroes(&copying, hostmem_size(mem));
	if (!copying.failed)
		return copying.image;
	image_destroy(copying.image);
	return NULL;
}

struct holding {
	struct view_page *page; /* NULL: only counting */
	size_t pages;
};

static void
take_page(void *ctx, uint64_t address, hpa_t frame)
{
	struct holding *holding = ctx;

	if (holding->page != NULL)
		holding->page[holding->pages] = (struct view_page){ vk_gpa(address), frame };
	holding->pages++;
}

static int
compare_pages(const void *a, const void *b)
{
	const struct view_page *one = a, *two = b;

	return (one->gpa.v > two->gpa.v) - (one->gpa.v < two->gpa.v);
}

/* What the memory map of the thread's process has, whether its EPT maps it or not. */
static bool
copy_held(const struct vmspace *map, struct view *view)
{
	struct holding holding = { NULL, 0 };

	vmspace_visit(map, take_page, &holding);
	if (holding.pages == 0)
		return true;
	holding.page = calloc(holding.pages, sizeof(*holding.page));
	if (holding.page == NULL)
		return false;
	holding.pages = 0;
	vmspace_visit(map, take_page, &holding);
	qsort(holding.page, holding.pages, sizeof(*holding.page), compare_pages);
	view->held = holding.page;
	view->helds = holding.pages;
	return true;
}

bool
play_view_make(const struct play_thread *thread, struct view *view)
{
	const struct vcpu *vcpu = &thread->machine.vcpu;
	struct image *image = copy_memory(vcpu->mem);

	if (image == NULL)
		return false;
	view_init(view, image, &vcpu->mode, vcpu->cpl);
	if (vcpu->ept_on)
		view_set_ept(view, &vcpu->ept);
	if (thread->machine.process == NULL || copy_held(thread->machine.process->map, view))
		return true;
	view_free(view);
	return false;
}
