/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges in an ordered array; pages in objects.  A copy-on-write range has a private object of its
 * own in front of the shared one; the first write to a page copies it forward.
 *
 * Not modelled: paging out, superpages, and chains of shadow objects.
 */
#include "sim/vmspace.h"

#include <stdlib.h>
#include <string.h>

#include "sim/grow.h"

struct page {
	uint64_t index; /* in pages from the start of the object */
	hpa_t frame;
};

struct vm_object {
	unsigned references;
	struct frames *frames;
	struct vm_object *next, **from; /* in the list of the frames */
	struct page *pages; /* ascending index */
	size_t count, room;
	unsigned char *bytes; /* initial contents */
	size_t size;
};

struct entry {
	struct vm_range range;
	struct vm_object *private; /* copy-on-write: the pages written so far */
};

struct vmspace {
	struct frames *frames;
	struct entry *entries; /* ascending start */
	size_t count, room;
	void (*revoke)(void *ctx, uint64_t start, uint64_t end, bool take_all);
	void *revoke_ctx;
};

/* The maps and what is behind them are about to be changed, or looked at. */
static void
touch_maps(void)
{
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
}

/* Room for one more element; false when out of memory, which the host memory keeps in mind. */
static bool
grow(struct frames *frames, void **array, size_t *room, size_t count, size_t element)
{
	if (array_grow(array, room, count, 8, element))
		return true;
	hostmem_fail(frames->mem);
	return false;
}

/* --- objects ------------------------------------------------------------------------------- */

struct vm_object *
vm_object_create(struct frames *frames, const void *bytes, size_t size)
{
	struct vm_object *object = calloc(1, sizeof(*object));

	if (object == NULL) {
		hostmem_fail(frames->mem);
		return NULL;
	}
	if (size != 0) {
		object->bytes = malloc(size);
		if (object->bytes == NULL) {
			hostmem_fail(frames->mem);
			free(object);
			return NULL;
		}
		memcpy(object->bytes, bytes, size);
		object->size = size;
	}
	object->references = 1;
	object->frames = frames;
	object->next = frames->objects;
	object->from = &frames->objects;
	if (object->next != NULL)
		object->next->from = &object->next;
	frames->objects = object;
	return object;
}

static void
object_free(struct vm_object *object)
{
	*object->from = object->next;
	if (object->next != NULL)
		object->next->from = object->from;
	free(object->pages);
	free(object->bytes);
	free(object);
}

void
vm_object_release(struct vm_object *object)
{
	size_t i;

	if (object == NULL || --object->references != 0)
		return;
	for (i = 0; i < object->count; i++)
		frames_give(object->frames, object->pages[i].frame);
	object_free(object);
}

void
vm_objects_free(struct frames *frames)
{
	while (frames->objects != NULL)
		object_free(frames->objects);
}

/* Where the page of that index is, or would go. */
static size_t
object_place(const struct vm_object *object, uint64_t index)
{
	size_t low = 0, high = object->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (object->pages[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct page *
object_find(const struct vm_object *object, uint64_t index)
{
	size_t at = object_place(object, index);

	return at < object->count && object->pages[at].index == index ? &object->pages[at] : NULL;
}

static bool
object_add(struct vm_object *object, uint64_t index, hpa_t *frame)
{
	size_t at = object_place(object, index);

	if (!grow(object->frames, (void **)&object->pages, &object->room, object->count,
	    sizeof(*object->pages)) || !frames_take(object->frames, frame))
		return false;
	memmove(&object->pages[at + 1], &object->pages[at],
	    (object->count - at) * sizeof(*object->pages));
	object->pages[at].index = index;
	object->pages[at].frame = *frame;
	object->count++;
	return true;
}

/* The object's page, brought in when it is not there; *kind tells how. */
static bool
object_page(struct vm_object *object, uint64_t index, hpa_t *frame, enum event_fault *kind)
{
	const struct page *page = object_find(object, index);
	uint64_t at = index << VK_PAGE_SHIFT;

	if (page != NULL) {
		*frame = page->frame;
		*kind = EVENT_FAULT_PRESENT;
		return true;
	}
	if (!object_add(object, index, frame))
		return false;
	*kind = EVENT_FAULT_ZERO;
	if (at < object->size) {
		size_t left = object->size - at;

		*kind = EVENT_FAULT_FILE;
		hostmem_write(object->frames->mem, *frame, object->bytes + at,
		    left < VK_PAGE_BYTES ? left : VK_PAGE_BYTES);
	}
	return true;
}

/* --- the map ------------------------------------------------------------------------------- */

struct vmspace *
vmspace_create(struct frames *frames)
{
	struct vmspace *space = calloc(1, sizeof(*space));

	if (space != NULL)
		space->frames = frames;
	return space;
}

static void
entry_drop(struct entry *entry)
{
	vm_object_release(entry->range.object);
	vm_object_release(entry->private);
}

void
vmspace_destroy(struct vmspace *space)
{
	size_t i;

	if (space == NULL)
		return;
	for (i = 0; i < space->count; i++)
		entry_drop(&space->entries[i]);
	free(space->entries);
	free(space);
}

void
vmspace_set_revoke(struct vmspace *space,
    void (*revoke)(void *ctx, uint64_t start, uint64_t end, bool take_all), void *ctx)
{
	space->revoke = revoke;
	space->revoke_ctx = ctx;
}

static void
revoke(struct vmspace *space, uint64_t start, uint64_t end, bool take_all)
{
	if (space->revoke != NULL && start < end)
		space->revoke(space->revoke_ctx, start, end, take_all);
}

/* The first entry that ends after `address`. */
static size_t
entry_place(const struct vmspace *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (space->entries[middle].range.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
entry_insert(struct vmspace *space, size_t at, const struct entry *entry)
{
	if (!grow(space->frames, (void **)&space->entries, &space->room, space->count,
	    sizeof(*space->entries)))
		return false;
	memmove(&space->entries[at + 1], &space->entries[at],
	    (space->count - at) * sizeof(*space->entries));
	space->entries[at] = *entry;
	space->count++;
	return true;
}

bool
vmspace_map(struct vmspace *space, const struct vm_range *range)
{
	size_t at = entry_place(space, range->start);
	struct entry entry = { *range, NULL };

	touch_maps();
	if (range->start >= range->end ||
	    (at < space->count && space->entries[at].range.start < range->end))
		return false;
	if (range->copy_on_write) {
		entry.private = vm_object_create(space->frames, NULL, 0);
		if (entry.private == NULL)
			return false;
	}
	if (!entry_insert(space, at, &entry)) {
		vm_object_release(entry.private);
		return false;
	}
	range->object->references++;
	return true;
}

/* Splits the entry that has `address` inside it, so that an entry starts there. */
static bool
split_at(struct vmspace *space, uint64_t address)
{
	size_t at = entry_place(space, address);
	struct entry upper;

	if (at == space->count || space->entries[at].range.start >= address)
		return true;
	upper = space->entries[at];
	upper.range.offset += address - upper.range.start;
	upper.range.start = address;
	if (!entry_insert(space, at + 1, &upper))
		return false;
	space->entries[at].range.end = address;
	upper.range.object->references++;
	if (upper.private != NULL)
		upper.private->references++;
	return true;
}

static bool
split_range(struct vmspace *space, uint64_t start, uint64_t end)
{
	return split_at(space, start) && split_at(space, end);
}

bool
vmspace_unmap(struct vmspace *space, uint64_t start, uint64_t end)
{
	touch_maps();
	if (!split_range(space, start, end))
		return false;
	for (;;) {
		size_t at = entry_place(space, start);
		struct entry entry;

		touch_maps();
		if (at == space->count || space->entries[at].range.start >= end)
			return true;
		entry = space->entries[at];
		space->count--;
		memmove(&space->entries[at], &space->entries[at + 1],
		    (space->count - at) * sizeof(*space->entries));
		/*
		 * Others may run while the rights are taken back.  What they fault on is no longer
		 * in the map, and the frames are not free before nobody can reach them.
		 */
		revoke(space, entry.range.start, entry.range.end, true);
		touch_maps();
		entry_drop(&entry);
	}
}

bool
vmspace_protect(struct vmspace *space, uint64_t start, uint64_t end, unsigned prot)
{
	size_t at;

	touch_maps();
	if (!split_range(space, start, end))
		return false;
	/* The map first: who faults while the old rights are taken back gets the new ones. */
	for (at = entry_place(space, start);
	    at < space->count && space->entries[at].range.start < end; at++)
		space->entries[at].range.prot = prot;
	revoke(space, start, end, true);
	return true;
}

static unsigned
prot_needed(unsigned acc)
{
	if (acc & VK_ACC_W)
		return VMSPACE_W;
	return (acc & VK_ACC_X) ? VMSPACE_X : VMSPACE_R;
}

/* Gives a copy-on-write entry a page of its own. */
static bool
copy_forward(struct vmspace *space, struct entry *entry, uint64_t index, struct vm_fault *fault)
{
	unsigned char bytes[VK_PAGE_BYTES];
	const struct page *page = object_find(entry->private, index);
	uint64_t address = entry->range.start +
	    ((index << VK_PAGE_SHIFT) - entry->range.offset);
	enum event_fault kind;
	hpa_t from;

	if (page != NULL) {
		fault->frame = page->frame;
		fault->kind = EVENT_FAULT_PRESENT;
		return true;
	}
	if (!object_page(entry->range.object, index, &from, &kind) ||
	    !object_add(entry->private, index, &fault->frame))
		return false;
	hostmem_read(space->frames->mem, from, bytes, sizeof(bytes));
	hostmem_write(space->frames->mem, fault->frame, bytes, sizeof(bytes));
	/* The shared page may be mapped for reading: that mapping is now of the wrong frame. */
	revoke(space, address, address + VK_PAGE_BYTES, true);
	fault->kind = EVENT_FAULT_COPY;
	return true;
}

static bool
resolve(struct vmspace *space, struct entry *entry, uint64_t address, unsigned acc,
    struct vm_fault *fault)
{
	uint64_t index = (address - entry->range.start + entry->range.offset) >> VK_PAGE_SHIFT;
	const struct page *own;

	fault->writable = (entry->range.prot & VMSPACE_W) != 0;
	if (entry->private == NULL)
		return object_page(entry->range.object, index, &fault->frame, &fault->kind);
	own = object_find(entry->private, index);
	if (own == NULL && !(acc & VK_ACC_W)) {
		fault->writable = false;
		return object_page(entry->range.object, index, &fault->frame, &fault->kind);
	}
	return copy_forward(space, entry, index, fault);
}

/* One look at the map. */
static struct vm_fault
fault_once(struct vmspace *space, uint64_t address, unsigned acc)
{
	size_t at;
	struct vm_fault fault = { .status = VM_FAULT_NO_RANGE, .kind = EVENT_FAULT_REFUSED };
	struct entry *entry;

	touch_maps();
	at = entry_place(space, address);
	if (at == space->count || space->entries[at].range.start > address)
		return fault;
	entry = &space->entries[at];
	fault.status = VM_FAULT_PROTECTION;
	if (!(entry->range.prot & prot_needed(acc)))
		return fault;
	fault.readable = (entry->range.prot & VMSPACE_R) != 0;
	fault.executable = (entry->range.prot & VMSPACE_X) != 0;
	if (resolve(space, entry, address & ~VK_PAGE_OFFSET_MASK, acc, &fault)) {
		fault.status = VM_FAULT_OK;
	} else {
		fault.status = VM_FAULT_NO_MEMORY;
		fault.kind = EVENT_FAULT_REFUSED;
	}
	return fault;
}

struct vm_fault
vmspace_fault(struct vmspace *space, uint64_t address, unsigned acc)
{
	struct vm_fault fault = fault_once(space, address, acc);

	/* Others may have run while the shared page was taken back: is the copy still the page? */
	while (fault.kind == EVENT_FAULT_COPY) {
		struct vm_fault again = fault_once(space, address, acc);

		if (again.status == VM_FAULT_OK && again.frame.v == fault.frame.v)
			break;
		fault = again;
	}
	return fault;
}

bool
vmspace_peek(const struct vmspace *space, uint64_t address, uint64_t *word)
{
	size_t at = entry_place(space, address);
	const struct entry *entry = &space->entries[at];
	const struct vm_object *object;
	const struct page *page = NULL;
	uint64_t offset;

	if (at == space->count || entry->range.start > address)
		return false;
	object = entry->range.object;
	offset = address - entry->range.start + entry->range.offset;
	if (entry->private != NULL)
		page = object_find(entry->private, offset >> VK_PAGE_SHIFT);
	if (page == NULL)
		page = object_find(object, offset >> VK_PAGE_SHIFT);
	*word = 0;
	if (page != NULL)
		*word = hostmem_load(space->frames->mem,
		    vk_hpa(page->frame.v | (address & VK_PAGE_OFFSET_MASK)));
	else if (offset < object->size)
		memcpy(word, object->bytes + offset,
		    object->size - offset < sizeof(*word) ? object->size - offset :
		    sizeof(*word));
	return true;
}

static void
object_state(const struct vm_object *object, const struct watch_sink *sink)
{
	size_t i;

	watch_put64(sink, object == NULL ? ~0ull : object->count);
	for (i = 0; object != NULL && i < object->count; i++) {
		watch_put64(sink, object->pages[i].index);
		watch_put64(sink, object->pages[i].frame.v);
	}
}

void
vmspace_state(const struct vmspace *space, const struct watch_sink *sink)
{
	size_t i;

	watch_put64(sink, space->count);
	for (i = 0; i < space->count; i++) {
		const struct entry *entry = &space->entries[i];

		watch_put64(sink, entry->range.start);
		watch_put64(sink, entry->range.end);
		watch_put64(sink, entry->range.prot);
		watch_put64(sink, entry->range.offset);
		object_state(entry->range.object, sink);
		object_state(entry->private, sink);
	}
}

/* The pages of an object that a range shows; those that `hidden` has a copy of are left out. */
static void
visit_object(const struct vm_range *range, const struct vm_object *object,
    const struct vm_object *hidden, void (*visit)(void *ctx, uint64_t address, hpa_t frame),
    void *ctx)
{
	size_t i;

	for (i = 0; i < object->count; i++) {
		uint64_t offset = object->pages[i].index << VK_PAGE_SHIFT;

		if (offset - range->offset < range->end - range->start &&
		    (hidden == NULL || object_find(hidden, object->pages[i].index) == NULL))
			visit(ctx, range->start + (offset - range->offset),
			    object->pages[i].frame);
	}
}

void
vmspace_visit(const struct vmspace *space,
    void (*visit)(void *ctx, uint64_t address, hpa_t frame), void *ctx)
{
	size_t i;

	for (i = 0; i < space->count; i++) {
		const struct entry *entry = &space->entries[i];

		if (entry->private != NULL)
			visit_object(&entry->range, entry->private, NULL, visit, ctx);
		visit_object(&entry->range, entry->range.object, entry->private, visit, ctx);
	}
}
